"""Files on S3 streamed through the service, next to a GET straight from the S3 server; and what slow clients cost."""

import hashlib
import os
import tempfile
from datetime import timedelta
from urllib.parse import urlsplit

from benchmarks.report import Line, interleaved, median_ratio, spread
from benchmarks.setting import BenchFile, Setting
from benchmarks.slow_clients import many_that_stop
from benchmarks.targets import Ask
from benchmarks.whole_file import Meter
from tests.s3_servers import S3Bucket, seaweedfs

GOAL_RATIO, GOAL_KIB = 0.45, 512
PIECE = 1 << 20


def run(setting: Setting) -> list[Line]:
    """Gigabytes per second and CPU seconds per gigabyte next to a direct GET; memory of clients that stop reading."""
    with seaweedfs() as server:
        bucket = server.new_bucket()
        setting.installation.add_s3("s3", bucket.parameters())
        big, stuck = _stored(bucket, "big", setting.big.size), _stored(bucket, "stuck", setting.stuck.size)
        setting.installation.add_listed("s3")
        return [*_whole(setting, bucket, big), *many_that_stop(setting, stuck, "S3", GOAL_KIB)]


def _stored(bucket: S3Bucket, name: str, size: int) -> BenchFile:
    """An object that nothing compresses, known by its MD5."""
    piece = os.urandom(PIECE)
    digest = hashlib.md5(usedforsecurity=False)
    with tempfile.TemporaryFile() as file:
        for _ in range(size // PIECE):
            file.write(piece)
            digest.update(piece)
        file.seek(0)
        bucket.client.put_object(Bucket=bucket.name, Key=name, Body=file)
    return BenchFile(name, size, digest.hexdigest())


def _whole(setting: Setting, bucket: S3Bucket, file: BenchFile) -> list[Line]:
    url = urlsplit(
        bucket.client.generate_presigned_url(
            "get_object",
            Params={"Bucket": bucket.name, "Key": file.name},
            ExpiresIn=int(timedelta(hours=6).total_seconds()),
        )
    )
    direct = Ask(port=bucket.server.port, path=f"{url.path}?{url.query}", host=url.netloc)
    with setting.installation.serving() as service:
        service_meter = Meter(setting.installation.download(service, file.checksum), service.pid, 1)
        direct_meter = Meter(direct, bucket.server.pid, 1)
        for meter in (service_meter, direct_meter):
            meter.warm_up()
        rates = interleaved({"service": service_meter.measure, "direct": direct_meter.measure}, setting.rounds_of_many)
    middle = len(rates["service"]) // 2
    return [
        Line(
            what=f"{file.label} from S3 through the service, 1 client",
            value=sorted(rates["service"])[middle],
            unit="GB/s",
            reference=sorted(rates["direct"])[middle],
            ratio=median_ratio(rates["service"], rates["direct"]),
            at_least=GOAL_RATIO,
            note=f"reference: the same GET from SeaweedFS; {spread(rates['service'], rates['direct'])}",
        ),
        Line(
            what=f"{file.label} from S3 through the service: CPU",
            value=service_meter.cost(),
            unit="s/GB",
            reference=direct_meter.cost(),
            note="service process only; reference: SeaweedFS answering directly",
        ),
    ]
