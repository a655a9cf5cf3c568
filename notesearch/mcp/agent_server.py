"""Make a server of the Model Context Protocol that answers from an index.

It is the SDK's own `Server` with handlers for what it offers: tools, notes as resources, and a
prompt. `MCPServer`, its more ample form, puts its own words before each error and a title beside
each argument, which every conversation would pay for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import mcp_types as types
from anyio import CapacityLimiter, to_thread
from mcp.server import Server, ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.shared.exceptions import MCPError

from notesearch import __version__
from notesearch.errors import NotesearchError
from notesearch.library import Index
from notesearch.mcp.compact_text import plain_line, plain_lines
from notesearch.mcp.introduction import PROMPT_ABOUT, PROMPT_NAME, answer_prompt, introduce
from notesearch.mcp.note_resources import PAGE, SCHEME, TEMPLATE, address_of, read_note
from notesearch.mcp.tools import TOOLS

T = TypeVar("T")

# Each question keeps a processor busy for some 20 ms, and its model several.
_MOST_AT_ONCE = 4
_MOST_COMPLETIONS = 100  # as the protocol has it
_LONGEST_ERROR = 2000
_LONGEST_TITLE = 200
_READS_ALONE = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_INTRODUCED = ("initialize", "server/discover")  # of the two revisions of the protocol

_log = logging.getLogger(__name__)

Context = ServerRequestContext[Any, Any]


def make_server(open_index: Callable[[], Index]) -> Server[Any]:
    """Return a server for the index that `open_index` gives.

    It is called in a thread for each request, and may raise a NotesearchError each time: the agent
    is told, and its next request tries again.
    """
    handlers = _Handlers(open_index)
    server: Server[Any] = Server(
        "notesearch",
        version=__version__,
        title="Research notes",
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_notes,
        on_list_resource_templates=handlers.list_templates,
        on_read_resource=handlers.read_note,
        on_list_prompts=handlers.list_prompts,
        on_get_prompt=handlers.get_prompt,
        on_completion=handlers.complete,
    )
    server.middleware.append(handlers.introduced)
    return server


class _Handlers:
    """What answers each request; the index is asked in threads."""

    def __init__(self, open_index: Callable[[], Index]) -> None:
        self._open_index = open_index
        self._limit = CapacityLimiter(_MOST_AT_ONCE)

    async def _ask(self, question: Callable[[Index], T]) -> T:
        # One that the client gives up is answered to its end, and its answer dropped.
        return await to_thread.run_sync(
            lambda: question(self._open_index()), limiter=self._limit, abandon_on_cancel=True
        )

    async def introduced(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Add to the first answer of a session what the index holds now."""
        result = await call_next(ctx)
        if ctx.method not in _INTRODUCED or not isinstance(result, dict):
            return result
        try:
            text = await self._ask(introduce)
        except NotesearchError as error:
            text = f"The user's research notes cannot be searched yet: {_said(error)}"
        except Exception:  # noqa: BLE001 - a bug: the tools may work all the same
            _log.exception("the index cannot be introduced")
            text = "The user's research notes."
        return {**result, "instructions": text}

    # Tools

    async def list_tools(self, _: Context, __: object) -> types.ListToolsResult:
        """Return what a model reads of the tools."""
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=tool.name,
                    description=tool.about,
                    input_schema=tool.schema,
                    annotations=_READS_ALONE,
                )
                for tool in TOOLS.values()
            ]
        )

    async def call_tool(
        self, _: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Return a tool's answer as text; what is wrong is an answer too, marked as an error."""
        tool = TOOLS.get(params.name)
        if tool is None:
            return _failed(f"there is no tool {params.name:.60}; there are {', '.join(TOOLS)}")
        try:
            text = await self._ask(lambda index: tool.call(index, params.arguments or {}))
        except NotesearchError as error:
            return _failed(_said(error))
        except Exception as error:  # noqa: BLE001 - a bug: one call fails, the server goes on
            _log.exception("the tool %s failed", tool.name)
            return _failed(f"this is a bug of notesearch: {type(error).__name__}; try other words")
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)])

    # Notes

    async def list_notes(
        self, _: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """Return notes for a person to attach, the newest first, so many at a time."""
        cursor = (params.cursor if params else None) or "0"
        if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
            raise MCPError(types.INVALID_PARAMS, "this cursor is none of ours; leave it out")
        start = int(cursor)
        notes = await self._asked_of_notes(lambda index: index.notes(limit=start + PAGE + 1))
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=address_of(note),
                    name=note.note_id,
                    title=plain_line(note.title, _LONGEST_TITLE),
                    mime_type="text/markdown",
                )
                for note in notes[start : start + PAGE]
            ],
            next_cursor=str(start + PAGE) if len(notes) > start + PAGE else None,
        )

    async def list_templates(self, _: Context, __: object) -> types.ListResourceTemplatesResult:
        """Return how a note is addressed."""
        template = types.ResourceTemplate(
            uri_template=TEMPLATE,
            name="note",
            description="A note by its path",
            mime_type="text/markdown",
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read_note(
        self, _: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """Return the text of a note."""
        if not params.uri.startswith(SCHEME):
            raise MCPError(types.INVALID_PARAMS, f"a note's address begins with {SCHEME}")
        text = await self._asked_of_notes(lambda index: read_note(index, params.uri))
        content = types.TextResourceContents(uri=params.uri, text=text, mime_type="text/markdown")
        return types.ReadResourceResult(contents=[content])

    async def complete(
        self, _: Context, params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        """Return how a path that begins so may go on."""
        paths: list[str] = []
        if isinstance(params.ref, types.ResourceTemplateReference):
            beginning = params.argument.value
            found = await self._asked_of_notes(lambda index: index.complete(beginning))
            paths = [path for path, _ in found]
        values = paths[:_MOST_COMPLETIONS]
        completion = types.Completion(
            values=values, total=len(paths), has_more=len(paths) > len(values)
        )
        return types.CompleteResult(completion=completion)

    async def _asked_of_notes(self, question: Callable[[Index], T]) -> T:
        """Ask the index; what is wrong becomes an error of the protocol."""
        try:
            return await self._ask(question)
        except NotesearchError as error:
            raise MCPError(types.INVALID_PARAMS, _said(error)) from error

    # Prompt

    async def list_prompts(self, _: Context, __: object) -> types.ListPromptsResult:
        """Return the one prompt."""
        question = types.PromptArgument(name="question", description="The question", required=True)
        prompt = types.Prompt(name=PROMPT_NAME, description=PROMPT_ABOUT, arguments=[question])
        return types.ListPromptsResult(prompts=[prompt])

    async def get_prompt(
        self, _: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        """Return the prompt with the person's question."""
        question = (params.arguments or {}).get("question", "").strip()
        if params.name != PROMPT_NAME or not question:
            raise MCPError(types.INVALID_PARAMS, f"there is one prompt, {PROMPT_NAME}: (question)")
        content = types.TextContent(type="text", text=answer_prompt(question))
        return types.GetPromptResult(
            description=PROMPT_ABOUT, messages=[types.PromptMessage(role="user", content=content)]
        )


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=plain_lines(text)[:_LONGEST_ERROR])],
        is_error=True,
    )


def _said(error: NotesearchError) -> str:
    """Return what helps an agent, or the person whom it asks, who runs commands."""
    return plain_lines(error.for_shell)[:_LONGEST_ERROR]
