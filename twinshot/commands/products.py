"""`twinshot products`: add, edit, remove and list the products of a running service."""

import json as jsonlib
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.wording import counted

if TYPE_CHECKING:
    from twinshot.client import ListedProduct

_READ, _WRITE = "TWINSHOT_READ_KEY", "TWINSHOT_WRITE_KEY"

Server = Annotated[str, typer.Option(help="Address of the service.")]
WriteKey = Annotated[str | None, typer.Option("--key", envvar=_WRITE, help="The write key; better not as an option.")]
ReadKey = Annotated[
    str | None,
    typer.Option("--key", envvar=[_READ, _WRITE], help="A key, if one is wanted."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

Title = Annotated[str | None, typer.Option(help="Its title.")]
Url = Annotated[str | None, typer.Option(help="Its page in the shop.")]
Meta = Annotated[str | None, typer.Option(help="The first level of its category.")]
Level2 = Annotated[str | None, typer.Option(help="The second level.")]
Leaf = Annotated[str | None, typer.Option(help="The third level.")]

_LOCAL = "http://127.0.0.1:8000"
_PAGE = 200
"""Products in a table on the terminal."""

products = typer.Typer(
    name="products",
    no_args_is_help=True,
    add_completion=False,
    help="Add, edit, remove and list the products of a running service.\n\n"
    "Example: twinshot products add P42 P42-1.jpg P42-2.jpg --title 'Chelsea boot' --meta Shoes",
)


@products.command()
def add(
    product: Annotated[str | None, typer.Argument(help="The product's id.")] = None,
    photos: Annotated[list[Path] | None, typer.Argument(help="Its photos; their ids: the names of the files.")] = None,
    server: Server = _LOCAL,
    key: WriteKey = None,
    title: Title = None,
    url: Url = None,
    meta: Meta = None,
    level2: Level2 = None,
    leaf: Leaf = None,
    add_photos: Annotated[bool, typer.Option("--add-photos", help="Keep all else as it is.")] = False,
    catalogue: Annotated[Path | None, typer.Option("--from", help="Put all products of a catalogue instead.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="Our column = theirs, such as image=photo_path.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder or tar file with the catalogue's photos.")] = None,
    json: AsJson = False,
) -> None:
    """Put a product with all its photos, or all those of a catalogue. What is not given is unknown or gone afterwards.

    Of a catalogue, a product that is refused is listed by file and row and the others are put; exit code 1.

    Example: twinshot products add P42 P42-1.jpg P42-2.jpg --title 'Chelsea boot' --meta Shoes

    Example: twinshot products add --from shop.csv --server https://search.shop.example
    """
    from engine.errors import InputError, TwinshotError
    from twinshot.products.report import put_catalogue
    from twinshot.products.service import service_at

    fields = {"title": title, "url": url, "meta": meta, "level2": level2, "leaf": leaf}
    given = sorted(f"--{name}" for name, value in fields.items() if value is not None)
    if add_photos and given:
        raise InputError(f"--add-photos changes nothing else; leave out {' '.join(given)}")
    with service_at(server, key, _WRITE, timeout=60, patience=120) as client:
        if catalogue is not None:
            if product is not None or given:
                raise InputError("--from takes products, photos and fields from the catalogue; name none beside it")
            if not put_catalogue(client, catalogue, column or [], images, add_photos, json):
                raise typer.Exit(TwinshotError.exit_code)
            return
        if product is None:
            raise InputError("name a product and its photos, or a catalogue with --from")
        if not photos:
            raise InputError(f"name the photos of {product!r}: all that is not given is gone afterwards")
        own = _readable(photos)
        changed = client.add_images(product, own) if add_photos else client.put_product(product, own, **fields)
    if json:
        print(changed.model_dump_json())
    else:
        print(f"{product}: {counted(len(changed.images), 'photo')}; revision {changed.revision}")


@products.command()
def edit(
    product: Annotated[str, typer.Argument(help="The product's id.")],
    server: Server = _LOCAL,
    key: WriteKey = None,
    title: Title = None,
    url: Url = None,
    meta: Meta = None,
    level2: Level2 = None,
    leaf: Leaf = None,
    clear: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="What is unknown from now on, such as leaf or url.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Change what is given of a product. All else stays as it is, and so do its photos.

    Example: twinshot products edit P42 --title 'Chelsea boot, brown' --clear leaf
    """
    from engine.errors import InputError
    from twinshot.products.service import service_at

    given = {"title": title, "url": url, "meta": meta, "level2": level2, "leaf": leaf}
    fields: dict[str, str | None] = {name: value for name, value in given.items() if value is not None}
    for name in clear or ():
        if name not in given:
            raise InputError(f"--clear {name!r} is none of {', '.join(given)}")
        if name in fields:
            raise InputError(f"--{name} and --clear {name}: give one of them")
    fields |= dict.fromkeys(clear or ())
    if not fields:
        raise InputError(f"name what is to be changed of {product!r}: --{', --'.join(given)} or --clear")
    with service_at(server, key, _WRITE) as client:
        changed = client.edit_product(product, fields)
    if json:
        print(changed.model_dump_json())
    else:
        print(f"{product}: {', '.join(fields)} changed; revision {changed.revision}")


@products.command()
def remove(
    ids: Annotated[list[str], typer.Argument(help="The products' ids.", metavar="ID...")],
    server: Server = _LOCAL,
    key: WriteKey = None,
    missing_ok: Annotated[
        bool, typer.Option("--missing-ok", help="Say nothing of products that are not there.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Remove products for good. One that is not there is named, the others are removed; exit code 2.

    Example: twinshot products remove P42 P43
    """
    from engine.errors import InputError, TwinshotError
    from twinshot.products.removal import remove_products
    from twinshot.products.service import service_at

    with service_at(server, key, _WRITE) as client:
        told = remove_products(client, ids)
    missing = [] if missing_ok else told.missing
    if json:
        own = {"removed": told.removed, "missing": told.missing, "refused": told.refused, "revision": told.revision}
        print(jsonlib.dumps(own, ensure_ascii=False))
    else:
        print(f"{counted(len(told.removed), 'product')} removed; revision {told.revision}")
    for product_id in missing:
        print(f"twinshot: no product {product_id!r}", file=sys.stderr)
    for product_id, message in told.refused.items():
        print(f"twinshot: product {product_id!r}: {message}", file=sys.stderr)
    if told.refused or missing:
        raise typer.Exit(TwinshotError.exit_code if told.refused else InputError.exit_code)


@products.command("list")
def list_products(
    server: Server = _LOCAL,
    key: ReadKey = None,
    category: Annotated[list[str] | None, typer.Option(help="Only these categories (any of them).")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per product and line.")] = False,
) -> None:
    """List the products in the order of their ids: a table on a terminal, one id a line in a pipe.

    Example: twinshot products list --category meta:Shoes
    """
    from twinshot.products.service import service_at

    with service_at(server, key, f"{_READ} or {_WRITE}") as client:
        found = client.all_products(category=category or [])
        if json:
            for own in found:
                print(own.model_dump_json())
        elif sys.stdout.isatty():
            page = list(islice(found, _PAGE))
            if not page:
                where = " in these categories" if category else " yet: `twinshot products add` puts some"
                print(f"there are no products{where}")
            while page:
                _table(page)
                page = list(islice(found, _PAGE))
        else:
            for own in found:
                print(own.product_id)


def _readable(photos: list[Path]) -> list[Path]:
    from engine.errors import InputError

    for own in photos:
        if not own.is_file():
            raise InputError(f"photo {own}: there is no such file")
    return photos


def _table(page: "list[ListedProduct]") -> None:
    from engine.terminal.tables import console, in_one_line, table, whole

    shown = table("product", "photos", "category", "title", numbers=("photos",), cut=("title",))
    for own in page:
        category = "/".join(name or "-" for name in (own.category.meta, own.category.level2, own.category.leaf))
        shown.add_row(whole(own.product_id), str(len(own.images)), whole(category), in_one_line(own.title or ""))
    console().print(shown)
