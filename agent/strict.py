"""The base of every model that is read from a file: frozen, and an unknown key is an error."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Refuses unknown keys, NaN and infinity; cannot be changed once made."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _iso_time(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("must have an offset from UTC")
    return text


IsoTime = Annotated[str, Field(max_length=64), AfterValidator(_iso_time)]
"""A time in ISO 8601, with an offset."""
