"""Numbers in sentences."""


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 photo`, `1,200 photos`, `0 categories`; `plural` where it is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
