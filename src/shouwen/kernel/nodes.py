"""Nodes of templates that remember: what is the same on every page is drawn once by a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.template import Context
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.template.defaulttags import URLNode
from django.template.library import SimpleNode
from django.urls import NoReverseMatch, get_script_prefix
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from .routes import route

_drawn: Final[dict[tuple[Node, str], SafeString]] = {}


class Once(Node):
    """Whatever stands in it, drawn at the first page."""

    def __init__(self, inside: NodeList) -> None:
        self.inside = inside

    def render(self, context: Context) -> SafeString:
        key = (self, get_script_prefix())
        if (found := _drawn.get(key)) is None:
            found = _drawn[key] = self.inside.render(context)
        return found


class Same(Node):
    """A tag whose parameters all stand in the template."""

    def __init__(self, plain: SimpleNode) -> None:
        self.plain = plain

    def render(self, context: Context) -> SafeString:
        key = (self, get_script_prefix())
        if (found := _drawn.get(key)) is None:
            found = _drawn[key] = self.plain.render(context)
        return found


class Address(URLNode):
    """`{% url %}` by the addresses that this process remembers."""

    def render(self, context: Context) -> str:
        name, args = self.view_name.resolve(context), [arg.resolve(context) for arg in self.args]
        try:
            found = route(name, *args)
        except NoReverseMatch:
            if self.asvar is None:
                raise
            found = ""
        if self.asvar:
            context[self.asvar] = found
            return ""
        return conditional_escape(found) if context.autoescape else found


def remembered(compiled: Callable[[Parser, Token], Any]) -> Callable[[Parser, Token], Node]:
    """A simple tag that is drawn once where nothing in it can differ; its function gives the same for the same."""

    def compile_(parser: Parser, token: Token) -> Node:
        node: SimpleNode = compiled(parser, token)
        given = [*node.args, *node.kwargs.values()]
        return Same(node) if node.target_var is None and all(map(_fixed, given)) else node

    return compile_


def _fixed(given: FilterExpression) -> bool:
    return not given.is_var and not given.filters


def forget() -> None:
    """Drop what this process has drawn (tests change the settings it was drawn with)."""
    _drawn.clear()
