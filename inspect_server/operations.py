"""The op table as ListOperations tells it."""

from __future__ import annotations

from importlib import metadata

from swath.graph.graph import LANGUAGE_VERSION
from swath.graph.type import ANY
from swath.ops.op import REQUIRED, Mark, Op, OpParameter
from swath.ops.table import FAMILIES
from swath.v1 import inspect_pb2 as pb
from swath.wire.value import fill_value

_Kind = pb.OperationParameter
KINDS = {
    "positional": _Kind.KIND_PLAIN,
    "keyword": _Kind.KIND_KEYWORD,
    "variadic": _Kind.KIND_VARIADIC,
    "keywords": _Kind.KIND_VARIADIC_KEYWORD,
}


class Operations:
    """Every op as a message, made once."""

    def __init__(self) -> None:
        rows = [(op, family) for family, ops in FAMILIES.items() for op in ops]
        self._all = [_operation(op, family) for op, family in sorted(rows, key=_name)]
        self._version = metadata.version("swath")

    def starting_with(self, prefix: str) -> bytes:
        """A ListOperationsResponse with the ops whose name starts so."""
        found = pb.ListOperationsResponse(
            operations=[one for one in self._all if one.name.startswith(prefix)],
            language_version=LANGUAGE_VERSION,
            server_version=self._version,
        )
        return found.SerializeToString()


def _name(row: tuple[Op, str]) -> str:
    return row[0].name


def _operation(op: Op, family: str) -> pb.Operation:
    return pb.Operation(
        name=op.name,
        family=family,
        parameters=[_parameter(parameter) for parameter in op.parameters],
        result=_first_line(op.rule.__doc__),
        elementwise=op.elementwise,
        documentation=op.doc,
    )


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _parameter(parameter: OpParameter) -> pb.OperationParameter:
    takes_any = ANY in parameter.accepts
    message = pb.OperationParameter(
        name=parameter.name,
        kind=KINDS[parameter.kind],
        accepts="" if takes_any else parameter.accepted,
    )
    if parameter.default is not REQUIRED and not parameter.is_many:
        absent = isinstance(parameter.default, Mark)
        fill_value(message.default, None if absent else parameter.default)
    return message
