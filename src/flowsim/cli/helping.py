"""What `--help` says, in the language that is asked for or that of the terminal."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowsim.reporting.language import Language

__all__ = ["help_texts", "in_language", "paragraphs", "reflow"]

_EXAMPLE = "Example: "


@contextmanager
def in_language(command: Any, language: Language) -> Iterator[None]:
    """Within, have a command, and those below it, say its help in a language."""
    import typer.rich_utils as frames

    words = {"ARGUMENTS_PANEL_TITLE": "arguments", "OPTIONS_PANEL_TITLE": "options", "COMMANDS_PANEL_TITLE": "commands"}
    words |= {"DEFAULT_STRING": "default", "REQUIRED_LONG_STRING": "required"}
    usual = {name: getattr(frames, name) for name in words}
    _speak(command, language)
    try:
        for name, key in words.items():
            setattr(frames, name, language.say(f"help.{key}"))
        yield
    finally:
        for name, text in usual.items():
            setattr(frames, name, text)


def reflow(command: Any) -> None:
    """Have a command, and those below it, say each paragraph of its help as one line, for the terminal to break."""
    if command.help:
        command.help = "\n\n".join(paragraphs(command.help))
    for below in getattr(command, "commands", {}).values():
        reflow(below)


def help_texts(command: Any) -> Iterator[str]:
    """Yield each paragraph of help of a command and of those below it, as the table has it; examples left out."""
    texts = [command.help, *(getattr(parameter, "help", None) for parameter in command.params)]
    for text in texts:
        yield from (part for part in paragraphs(text or "") if not part.startswith(_EXAMPLE))
    for below in getattr(command, "commands", {}).values():
        yield from help_texts(below)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a help, each as one line, for the terminal says where lines end."""
    return [" ".join(part.split("\n")) for part in inspect.cleandoc(text).split("\n\n") if part]


def _speak(command: Any, language: Language) -> None:
    command.help = _translated(command.help, language)
    if command.short_help:
        command.short_help = _translated(command.short_help, language)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = _translated(parameter.help, language)
    usual, usage = command.get_help_option, command.get_usage

    def help_option(ctx: Any) -> Any:
        option = usual(ctx)
        if option is not None:
            option.help = language.say("help.asked")
        return option

    command.get_help_option = help_option
    english, own = "Usage", language.say("help.usage")
    command.get_usage = lambda ctx: usage(ctx).replace(f"{english}:", f"{own}:", 1)
    for below in getattr(command, "commands", {}).values():
        _speak(below, language)


def _translated(text: str | None, language: Language) -> str | None:
    if text is None:
        return None
    example = f"{language.say('help.example')}: "
    return "\n\n".join(
        example + part.removeprefix(_EXAMPLE) if part.startswith(_EXAMPLE) else language.translated(part)
        for part in paragraphs(text)
    )
