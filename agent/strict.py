"""The base of every model that is read from a file: frozen, and an unknown key is an error."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Refuses unknown keys, NaN and infinity; cannot be changed once made."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
