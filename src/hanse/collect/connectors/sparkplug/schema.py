"""The Sparkplug B payload as protobuf message classes, built from a table at import.

Field numbers and types are those of the published definition (Eclipse Tahu, proto2), named after
the Sparkplug 3.0 text, chapter 6. No generated code and no protoc: the table is the definition.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "hanse.sparkplug"
_F = descriptor_pb2.FieldDescriptorProto
_SCALAR = {
    "u32": _F.TYPE_UINT32,
    "u64": _F.TYPE_UINT64,
    "float": _F.TYPE_FLOAT,
    "double": _F.TYPE_DOUBLE,
    "bool": _F.TYPE_BOOL,
    "str": _F.TYPE_STRING,
    "bytes": _F.TYPE_BYTES,
}
_VALUE = (
    "int_value:u32 long_value:u64 float_value:float double_value:double "
    "boolean_value:bool string_value:str"
)

_MESSAGES: dict[str, tuple[str, ...]] = {
    # message: "name:type=number", * repeated, | a member of the oneof "value"
    "DataSetValue": tuple(f"|{f}={n}" for n, f in enumerate(_VALUE.split(), 1)),
    "Row": ("*elements:DataSetValue=1",),
    "DataSet": ("num_of_columns:u64=1", "*columns:str=2", "*types:u32=3", "*rows:Row=4"),
    "PropertyValue": (
        "type:u32=1",
        "is_null:bool=2",
        *(f"|{f}={n}" for n, f in enumerate(_VALUE.split(), 3)),
        "|propertyset_value:PropertySet=9",
        "|propertysets_value:PropertySetList=10",
    ),
    "PropertySet": ("*keys:str=1", "*values:PropertyValue=2"),
    "PropertySetList": ("*propertyset:PropertySet=1",),
    "MetaData": (
        "is_multi_part:bool=1",
        "content_type:str=2",
        "size:u64=3",
        "seq:u64=4",
        "file_name:str=5",
        "file_type:str=6",
        "md5:str=7",
        "description:str=8",
    ),
    "Parameter": (
        "name:str=1",
        "type:u32=2",
        *(f"|{f}={n}" for n, f in enumerate(_VALUE.split(), 3)),
    ),
    "Template": (
        "version:str=1",
        "*metrics:Metric=2",
        "*parameters:Parameter=3",
        "template_ref:str=4",
        "is_definition:bool=5",
    ),
    "Metric": (
        "name:str=1",
        "alias:u64=2",
        "timestamp:u64=3",
        "datatype:u32=4",
        "is_historical:bool=5",
        "is_transient:bool=6",
        "is_null:bool=7",
        "metadata:MetaData=8",
        "properties:PropertySet=9",
        *(f"|{f}={n}" for n, f in enumerate(_VALUE.split(), 10)),
        "|bytes_value:bytes=16",
        "|dataset_value:DataSet=17",
        "|template_value:Template=18",
    ),
    "Payload": ("timestamp:u64=1", "*metrics:Metric=2", "seq:u64=3", "uuid:str=4", "body:bytes=5"),
}


def _field(message: Any, text: str) -> None:
    marks, rest = text[: len(text) - len(text.lstrip("*|"))], text.lstrip("*|")
    name, _, tail = rest.partition(":")
    kind, _, number = tail.partition("=")
    field = message.field.add(name=name, number=int(number))
    field.label = _F.LABEL_REPEATED if "*" in marks else _F.LABEL_OPTIONAL
    if kind in _SCALAR:
        field.type = _SCALAR[kind]
    else:
        field.type, field.type_name = _F.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    if "|" in marks:
        field.oneof_index = 0


def _build() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="hanse/sparkplug.proto", package=_PACKAGE, syntax="proto2"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if any("|" in f for f in fields):
            message.oneof_decl.add(name="value")
        for text in fields:
            _field(message, text)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in _MESSAGES
    }


_CLASSES = _build()
Payload: Any = _CLASSES["Payload"]
Metric: Any = _CLASSES["Metric"]
