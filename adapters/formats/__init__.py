"""How products look elsewhere: features of REGARDS, items and collections of STAC."""
