"""The client of a running service, for Python programs.

It knows what goes over the wire (docs/api.md), nothing of the service's code.
"""

from engine.errors import InputError
from twinshot.client.change_models import ChangeBatch, ChangeItem, ChangeList, ChangeRecord, ProductChange
from twinshot.client.client import AsyncClient, Client
from twinshot.client.errors import ProblemError, ServiceError, UnreachableError
from twinshot.client.info_models import CalibrationInfo, CategoryInfo, Info, Limits, ModelInfo, Reloaded
from twinshot.client.models import (
    BatchAnswer,
    BatchItem,
    Category,
    CategoryGuess,
    ListedProduct,
    Problem,
    Product,
    ProductImage,
    ProductList,
    QueryCategories,
    QueryInfo,
    Result,
    SearchAnswer,
    SimilarAnswer,
)
from twinshot.client.operations import AddImages, EditProduct, Operation, PutProduct, RemoveImage, RemoveProduct
from twinshot.client.photos import Photo, Photos
from twinshot.client.reads import Box

__all__ = [
    "AddImages",
    "AsyncClient",
    "BatchAnswer",
    "BatchItem",
    "Box",
    "CalibrationInfo",
    "Category",
    "CategoryGuess",
    "CategoryInfo",
    "ChangeBatch",
    "ChangeItem",
    "ChangeList",
    "ChangeRecord",
    "Client",
    "EditProduct",
    "Info",
    "InputError",
    "Limits",
    "ListedProduct",
    "ModelInfo",
    "Operation",
    "Photo",
    "Photos",
    "Problem",
    "ProblemError",
    "Product",
    "ProductChange",
    "ProductImage",
    "ProductList",
    "PutProduct",
    "QueryCategories",
    "QueryInfo",
    "Reloaded",
    "RemoveImage",
    "RemoveProduct",
    "Result",
    "SearchAnswer",
    "ServiceError",
    "SimilarAnswer",
    "UnreachableError",
]
