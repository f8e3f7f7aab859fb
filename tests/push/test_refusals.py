"""Refusals are in the language of whoever is refused."""

import json

import pytest
from django.conf import settings

from push import refusals

REFUSALS = [value for value in vars(refusals).values() if isinstance(value, refusals.Refusal)]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_each_has_its_words_in_every_language(refusal: refusals.Refusal) -> None:
    codes = [code for code, _name in settings.LANGUAGES]
    details = {code: json.loads(refusal.body(code))["detail"] for code in codes}
    assert len(set(details.values())) == len(codes), details
