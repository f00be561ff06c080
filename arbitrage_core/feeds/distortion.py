"""The distortion: what happens to rows of a market, of a venue or of all of them, for a time. Pure data."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["CROSSED", "SHIFTED", "NOISY", "THINNED", "COLLAPSED", "FROZEN", "DOWN", "DEPEGGED"]

OWN_FIELDS: dict[str, tuple[str, ...]] = {
    "CROSSED": (),
    "SHIFTED": ("size_bps", "ramp_s"),
    "NOISY": ("size_bps", "seed"),
    "THINNED": ("factor",),
    "COLLAPSED": ("factor", "toward"),
    "FROZEN": (),
    "DOWN": (),
    "DEPEGGED": ("size_bps", "ramp_s", "currency"),
}
"""What a kind says besides where and when; the other fields stay as they are."""


class Distortion(BaseModel):
    """One kind of trouble, where and when. What each kind does to the rows: feeds/row_shocks.py."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(
        description="CROSSED: bid and ask change places. SHIFTED: prices move by size_bps and come back. NOISY: they "
        "are off by chance. THINNED: quantities shrink. COLLAPSED: prices come close to another venue's. FROZEN: the "
        "last quote comes again and again. DOWN: the venue says so, and falls silent. DEPEGGED: a currency's rate moves"
    )
    venue: str = Field("", description="empty: every venue")
    symbol: str = Field("", description="empty: every symbol")
    from_s: float = Field(ge=0, allow_inf_nan=False, description="seconds after the feed's first row")
    until_s: float = Field(gt=0, allow_inf_nan=False, description="likewise, no longer included")
    size_bps: float = Field(0.0, gt=-10_000, le=10_000, description="how far at most; of NOISY its standard deviation")
    ramp_s: float = Field(0.0, ge=0, allow_inf_nan=False, description="so long it grows, and so long it goes back")
    factor: float = Field(1.0, gt=0, le=1, description="what is left: of quantities, or of the distance")
    toward: str = Field("", description="the venue that the others come close to")
    currency: int = Field(0, ge=0, description="of DEPEGGED: its place among the session's currencies, from 1 on")
    seed: int = Field(0, ge=0, lt=2**63, description="of chance")

    @model_validator(mode="after")
    def _fits_together(self) -> "Distortion":
        if not self.from_s < self.until_s:
            raise ValueError("from_s must lie before until_s")
        if 2 * self.ramp_s > self.until_s - self.from_s:
            raise ValueError("ramp_s, there and back, must fit between from_s and until_s")
        foreign = {name for names in OWN_FIELDS.values() for name in names} - set(OWN_FIELDS[self.kind])
        given = sorted(name for name in foreign if getattr(self, name) != type(self).model_fields[name].default)
        if given:
            raise ValueError(f"{self.kind} has no {', '.join(given)}")
        if self.kind == "COLLAPSED" and not self.toward:
            raise ValueError("COLLAPSED names the venue that the others come close to")
        if self.kind == "DEPEGGED" and (self.currency == 0 or self.venue or self.symbol):
            raise ValueError("DEPEGGED names a currency, and no market")
        if self.kind == "DOWN" and (not self.venue or self.symbol):
            raise ValueError("DOWN is of a whole venue, which it names")
        return self

    def definition(self) -> dict[str, object]:
        """What the changed rows follow from, JSON-able: where, when, and what the kind has of its own."""
        return self.model_dump(
            mode="json", include={"kind", "venue", "symbol", "from_s", "until_s", *OWN_FIELDS[self.kind]}
        )
