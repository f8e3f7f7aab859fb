"""The face of an actor: the name, the picture and the link that a site shows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Face:
    """`picture` and `url` are "" if there is none."""

    name: str
    picture: str = ""
    url: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"name": self.name, "picture": self.picture, "url": self.url}
