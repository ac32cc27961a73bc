"""Everything that decides how a model is trained, as data. Written into config.json and the model card."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import InputError

Pooling = Literal["auto", "stages", "average"]
Positives = Literal["product", "photo"]

TITLES = 0.5
"""The weight that `--titles` stands for."""
OF_CATEGORIES = {"hierarchy": 1.0, "target_code": 0.5, "balance": 0.1}
"""The terms that know categories, or shape bits beside them, and their weights where no product ids teach identity."""


class Recipe(BaseModel):
    """The defaults fine-tune a pretrained backbone; `Recipe.for_weights("none")` trains one from scratch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pooling: Pooling = "auto"
    """How maps become features: `stages` is `model_export.pooling`, `average` what the backbone does by itself, `auto`
    the former where the backbone has a pyramid of maps."""
    epochs: int = Field(default=6, ge=0)
    batch: int = Field(default=64, ge=4, multiple_of=2)
    """Photos a step: pairs of two photos of one product."""
    together: int = Field(default=1, ge=1)
    """Pairs of one neighbourhood (a leaf category with several products, else its parent) that stay in one batch:
    above 1, the instance term meets other products of it."""
    lr_backbone: float = Field(default=3e-4, ge=0)
    lr_heads: float = Field(default=3e-3, ge=0)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """Factor on the backbone's rate for every layer further from the head: below 1, early layers hardly move."""
    weight_decay: float = Field(default=0.05, ge=0)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps in which the learning rates rise linearly; then they fall along a cosine."""
    clip: float = Field(default=5.0, gt=0)
    """Largest norm of a step's gradient."""
    probe: bool = False
    """Fit the classifier to the pretrained features before the first step, so that no gradient of a head that knows
    nothing distorts them (Kumar et al., "Fine-Tuning can Distort Pretrained Features", ICLR 2022, section 3.4)."""
    frozen_norm: bool = True
    """Whether batch normalisation keeps the statistics of the starting weights instead of taking each batch's: those of
    64 augmented crops fit whole photos, and other shops' things, much worse (docs/recognition.md)."""

    hierarchy: float = Field(default=OF_CATEGORIES["hierarchy"], ge=0)
    """This weight and the next one and `balance` are 0 by default where product ids say what is the same: see
    `for_catalogue`."""
    target_code: float = Field(default=OF_CATEGORIES["target_code"], ge=0)
    instance: float = Field(default=0.5, ge=0)
    balance: float = Field(default=OF_CATEGORIES["balance"], ge=0)
    titles: float = Field(default=0.0, ge=0)
    """Weight of the attributes mined from titles (`model_export.titles`); 0: titles are not looked at."""
    positives: Positives = "product"
    """What the instance term draws together: photos of one product, or two views of one photo."""
    bank: int = Field(default=0, ge=0)
    """Embeddings of earlier steps that the instance term compares with besides the batch."""
    target_bits: int = Field(default=0, ge=0)
    """The first bits of the trained head that the target codes shape; the rest are the instance term's. 0: all are
    both terms'."""
    nested: bool = False
    """Apply both terms to the first 1/8, 1/4 and 1/2 of the trained head as well as to the whole."""
    geometry: float = Field(default=0.0, ge=0)
    """Weight of staying near the frozen network's similarities; above 0 it costs a forward pass of that network."""
    kinship: float = Field(default=0.0, ge=0, le=1)
    """Share of a category's target code that is its parent's."""
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    margin: float = Field(default=0.2, ge=0, le=1)
    scale: float = Field(default=16.0, gt=0)
    temperature: float = Field(default=0.1, gt=0)

    crop: float = Field(default=0.35, gt=0, le=1)
    """Smallest share of a photo's area that a training crop keeps."""
    flip: float = Field(default=0.5, ge=0, le=1)
    colour: float = Field(default=0.3, ge=0, le=1)
    hue: float = Field(default=0.03, ge=0, le=0.5)
    rotation: float = Field(default=10.0, ge=0, le=45)
    """Degrees."""
    perspective: float = Field(default=0.1, ge=0, le=0.5)
    background: float = Field(default=0.0, ge=0, le=1)
    """Probability of another ground behind the middle of a photo."""
    occlusion: float = Field(default=0.0, ge=0, le=1)
    blur: float = Field(default=0.2, ge=0, le=1)
    jpeg: float = Field(default=0.0, ge=0, le=1)

    average: float = Field(default=1.0, ge=0, le=1)
    """α of the exported backbone: (1 − α) · pretrained + α · trained."""
    head: Literal["refit", "trained"] = "refit"
    """The exported embedding: a projection fitted again on the finished backbone's features, or the trained one."""

    @classmethod
    def for_weights(cls, weights: str, overrides: dict[str, str | int | float] | None = None) -> "Recipe":
        """The recipe for a kind of starting weights (`none`, or any pretrained), with some values replaced.

        Raises InputError that names a value that is unknown or out of range.
        """
        start: dict[str, str | int | float] = {}
        if weights == "none":
            start = {"lr_backbone": 3e-3, "instance": 1.0, "epochs": 20, "head": "trained"}
            start |= {"pooling": "average", "frozen_norm": False, **OF_CATEGORIES}
        try:
            recipe = cls.model_validate({**start, **(overrides or {})})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"])) or "recipe"
            known = ", ".join(cls.model_fields)
            raise InputError(f"recipe {name}={first['input']!r}: {first['msg']}; known names: {known}") from error
        if weights == "none" and recipe.probe:
            raise InputError("recipe probe=true fits a classifier to pretrained features, and --weights none has none")
        return recipe

    def for_catalogue(self, identified: bool) -> "Recipe":
        """The recipe for a catalogue, `identified` if product ids say of its photos which show the same thing.

        Then the instance term learns alone, since categories cost what was never trained on (docs/recognition.md,
        "Identity and categories"). A weight that somebody set stays, and so do all from scratch.
        """
        if not identified or not self.instance or self.positives != "product":
            return self
        return self.model_copy(update={name: 0.0 for name in OF_CATEGORIES if name not in self.model_fields_set})

    @model_validator(mode="after")
    def _something_to_learn(self) -> "Recipe":
        if self.epochs and not (self.hierarchy or self.target_code or self.instance or self.titles):
            raise ValueError("hierarchy, target_code and instance are all 0: nothing to learn; use --epochs 0")
        if self.titles and not self.epochs:
            raise ValueError("titles are learned in training, and epochs is 0; leave --titles off")
        if self.nested and self.target_bits:
            raise ValueError("nested and target_bits exclude each other: choose one way to divide the bits")
        return self


def parse_overrides(items: list[str]) -> dict[str, str | int | float]:
    """`["average=0.7", "head=trained"]` as a dictionary; InputError for an item without `=`."""
    values: dict[str, str | int | float] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name or not value:
            raise InputError(f"--set {item!r} is not NAME=VALUE, e.g. --set average=0.7")
        values[name.strip()] = value.strip()
    return values
