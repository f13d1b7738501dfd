"""The lines of the demo: what a shell with curl is to be given, step by step."""

import shlex
from collections.abc import Iterator

from entrypoints.demo import Demo
from entrypoints.demo.names import ALICE, BOB, DAY, NIGHT, POSTER, SCENES, TENANT

_SESSION = r"""sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p'"""


def lines(made: Demo, command: str, url: str) -> Iterator[str]:
    """Everything, in the order in which it is to be tried."""
    yield 'cd "$(mktemp -d)"'
    yield f"URL={url}"
    yield f"DAY={DAY}"
    yield f"NIGHT={NIGHT}"
    yield f"POSTER={POSTER}"
    yield f"SCENES={SCENES}"
    for variable, name in (("PREVIEW", "preview.png"), ("SMALL", "small.dat"), ("MEDIUM", "medium.dat")):
        yield f"{variable}={made.checksums[name]}"
    yield f"TAPED={made.checksums['night.dat']}"
    yield f'login() {{ curl -s "$URL/oauth/token?scope={TENANT}" -d "username=$1" -d "password=$2" | {_SESSION}; }}'
    yield f'ALICE="Authorization: Bearer $(login {ALICE} {shlex.quote(made.passwords[ALICE])})"'
    yield f'BOB="Authorization: Bearer $(login {BOB} {shlex.quote(made.passwords[BOB])})"'
    yield from _search()
    yield from _rights()
    yield from _licence()
    yield from _tape()
    yield from _ticket()
    yield from _quota()
    yield from _client(command, made.passwords[ALICE])


def _search() -> Iterator[str]:
    yield ""
    yield "# Everybody finds what they may see: without logging in the poster, Bob the scenes as well:"
    yield 'labels() { grep -o \'"label":"[^"]*"\' | sort; }'
    yield f"curl -s -H 'scope: {TENANT}' $URL/stac/search | labels"
    yield 'curl -s -H "$BOB" $URL/stac/search | labels'


def _rights() -> Iterator[str]:
    yield ""
    yield "# The poster is for everybody:"
    yield f"curl -sOJ -H 'scope: {TENANT}' $URL/downloads/$POSTER/files/$PREVIEW && ls preview.png"
    yield ""
    yield "# Bob sees the scene by day and gets its preview (200). To its data he has no right, licence or not (403):"
    yield "curl -s -o bob.png -w '%{http_code}\\n' -H \"$BOB\" $URL/downloads/$DAY/files/$PREVIEW"
    yield "WHY='Accept: application/problem+json'"
    yield 'curl -s -H "$BOB" -H "$WHY" "$URL/downloads/$DAY/files/$MEDIUM?acceptLicense=true"; echo'


def _licence() -> Iterator[str]:
    yield ""
    yield "# Alice may have it, once she has accepted the licence that 423 names:"
    yield 'curl -s -H "$ALICE" $URL/downloads/$DAY/files/$MEDIUM; echo'
    yield 'curl -s -X PUT -H "$ALICE" $URL/datasets/$SCENES/license; echo'
    yield ""
    yield "# A part of it, then the rest: one unit for both. And what it cost:"
    yield 'curl -s -r 0-1999999 -o medium.dat -H "$ALICE" $URL/downloads/$DAY/files/$MEDIUM'
    yield 'curl -s -C - -o medium.dat -H "$ALICE" $URL/downloads/$DAY/files/$MEDIUM'
    yield 'echo "$MEDIUM  medium.dat" | sha256sum -c'
    yield 'curl -s -H "$ALICE" $URL/quota/current; echo'


def _tape() -> Iterator[str]:
    yield ""
    yield "# The scene by night is on tape (410). Alice has it restored, waits, and gets it:"
    yield "curl -s -o answer -w '%{http_code}\\n' -H \"$ALICE\" $URL/downloads/$NIGHT/files/$TAPED"
    yield "curl -s -X POST -w '%{http_code}\\n' -H \"$ALICE\" $URL/restore/$NIGHT"
    yield 'until curl -sfOJ -H "$ALICE" $URL/downloads/$NIGHT/files/$TAPED; do sleep 2; done'
    yield 'echo "$TAPED  night.dat" | sha256sum -c'


def _ticket() -> Iterator[str]:
    yield ""
    yield "# A link that works once, without logging in, for a colleague or a script (the second time: 403):"
    yield (
        'LINK=$(curl -s -H "$ALICE" -d \'{"maxUses":1}\' $URL/downloads/$DAY/files/$MEDIUM/tickets'
        r""" | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')"""
    )
    yield 'curl -s -o colleague.dat "$LINK" && echo "$MEDIUM  colleague.dat" | sha256sum -c'
    yield "curl -s -o answer -w '%{http_code}\\n' \"$LINK\""


def _quota() -> Iterator[str]:
    yield ""
    yield "# Bob may have two files. The third answer is 429 and says why:"
    yield "for i in 1 2 3; do"
    yield "  curl -s -o answer -w '%{http_code}\\n' -H \"$BOB\" $URL/downloads/$POSTER/files/$SMALL"
    yield "done; cat answer; echo"


def _client(command: str, password: str) -> Iterator[str]:
    yield ""
    yield "# All of it by our own client, which accepts licences, restores, waits, resumes and checks:"
    yield f"export RS_DOWNLOADER_GET_PASSWORD={shlex.quote(password)}"
    yield (
        f"{command} get $DAY $NIGHT --service $URL --tenant {TENANT} --user {ALICE} --yes-license --quiet -o scenes"
        " && ls scenes"
    )
