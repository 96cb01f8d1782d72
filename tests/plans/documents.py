"""A small flow as a document, to be changed by tests."""

from footfall.plans.model import Plan
from footfall.plans.reading import plan_of

CHECKOUT = """\
plan: checkout
version: 1
title: Checkout
kind: flow
correlate: {cdata: [cart]}
idle: 30m
steps:
  - step: opened
    when: The cart is shown.
    event: IMPRESSION
    match:
      edata.pageid: cart
    expect:
      edata.type: view
  - step: paid
    when: It is paid.
    event: INTERACT
    match:
      edata.id: {is: pay, accept: {Pay: misspelt_value}}
    optional: true
  - step: closed
    when: The cart is closed.
    event: END
    match:
      edata.type: {one_of: [cart, checkout]}
    end: true
order: opened+ paid? closed
outcomes:
  - {outcome: bought, result: success, seen: [paid]}
  - {outcome: left, result: failed, default: true}
"""


def changed(*replacements: tuple[str, str], document: str = CHECKOUT) -> str:
    """The document with some of it replaced; each must be there."""
    for old, new in replacements:
        assert old in document, old
        document = document.replace(old, new, 1)
    return document


def plan(*replacements: tuple[str, str], document: str = CHECKOUT) -> Plan:
    """The plan that the changed document is."""
    return plan_of(changed(*replacements, document=document).encode(), "checkout.yaml")
