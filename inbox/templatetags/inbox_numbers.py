"""`{{ number|grouped }}` and `{{ number|percent }}`."""

from django.template import Library

from ..rendering import numbers

register = Library()
register.filter(numbers.grouped)
register.filter(numbers.percent)
