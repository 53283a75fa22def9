from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError, field_validator

from fc_async import InvocationRecord, RecordError, parse_record
from tests.roads import record, to_base64


class Order(BaseModel):
    id: int
    lines: list[str] = []

    @field_validator("lines")
    @classmethod
    def _no_secret(cls, lines: list[str]) -> list[str]:
        if "secret" in lines:
            raise ValueError(f"found {lines}")
        return lines


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Holder(BaseModel):
    record: InvocationRecord


def test_the_payloads_are_read_as_a_model_or_any_type() -> None:
    found = parse_record(record(requestPayload='{"id": 1}', responsePayload="[1, 2]"))
    assert found.request_as(Order) == Order(id=1)
    assert found.response_as(list[int]) == [1, 2]
    assert found.response_as(Annotated[list[int], Field(json_schema_extra={"a": []})]) == [1, 2]


@pytest.mark.parametrize(
    ("model", "payload", "said"),
    [
        (Order, '{"id": "secret"}', "requestPayload.id: int_parsing"),
        (Order, "{}", "requestPayload.id: missing"),
        (Order, '{"id": 1, "lines": ["secret"]}', "requestPayload.lines: value_error"),
        (Order, '{"id": 1, "lines": [1]}', "requestPayload.lines.0: string_type"),
        (Annotated[Cat | Dog, Field(discriminator="kind")], '{"kind": "secret"}', "requestPayload: union_tag_invalid"),
        (list[int], '["secret", "secret", "secret", "secret", "secret", "secret"]', "and 1 more"),
        (Order, "secret", "expected JSON"),
        (InvocationRecord, '{"secret": 1}', "to fit InvocationRecord, got requestPayload: value_error"),
        (list[int] | None, '"secret"', "to fit the type, got requestPayload: list_type"),
        (Annotated[int, BeforeValidator(lambda value: value)], '"secret"', "to fit the type, got"),
        (Order, None, "requestPayload"),
        (dict[str, float], '{"a": NaN}', "NaN"),
    ],
)
def test_what_does_not_fit_names_the_path_and_the_fault_and_never_the_value(
    model: Any, payload: str | None, said: str
) -> None:
    with pytest.raises(RecordError) as caught:
        parse_record(record(requestPayload=payload)).request_as(model)
    assert said in str(caught.value)
    assert "secret" not in f"{caught.value} {caught.value!r}"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_path_cannot_carry_control_characters_to_a_terminal() -> None:
    with pytest.raises(RecordError) as caught:
        parse_record(record(requestPayload='{"\\u001b[2J": "x"}')).request_as(dict[str, int])
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "value",
    [
        parse_record(record()),
        record(),
        json.dumps(record()),
        json.dumps(record()).encode(),
        to_base64(json.dumps(record())),
    ],
)
def test_pydantic_validates_an_instance_a_wire_dict_text_and_bytes(value: Any) -> None:
    assert Holder(record=value).record == parse_record(record())
    assert TypeAdapter(InvocationRecord).validate_python(value) == parse_record(record())


def test_a_list_of_one_is_taken_by_a_field_as_by_parse_record() -> None:
    one = parse_record(record())
    for value in ([one], [record()], json.dumps([record()])):
        assert Holder(record=value).record == one  # type: ignore[arg-type]
    for value in ([one, one], [record(), record()], [], [[one]]):
        with pytest.raises(ValidationError, match="expected"):
            Holder(record=value)  # type: ignore[arg-type]


def test_what_was_put_in_unvalidated_is_dumped_as_it_is() -> None:
    assert Holder.model_construct(record=None).model_dump() == {"record": None}


def test_pydantic_shows_no_private_names() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(int | InvocationRecord).validate_python("x")
    assert "[_" not in str(caught.value)


def test_pydantic_refuses_what_is_no_record() -> None:
    for value in ("nonsense", {}, None, 5):
        with pytest.raises(ValidationError, match="expected"):
            Holder(record=value)


def test_pydantic_dumps_and_reads_back_wire_names() -> None:
    holder = Holder(record=parse_record(record(new=[1])))
    assert holder.model_dump() == {"record": record(new=[1])}
    assert json.loads(holder.model_dump_json()) == {"record": record(new=[1])}
    assert Holder.model_validate_json(holder.model_dump_json()) == holder
    assert TypeAdapter(list[InvocationRecord]).dump_python([holder.record]) == [record(new=[1])]


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_json_schema_describes_wire_names(mode: Any) -> None:
    schema = TypeAdapter(InvocationRecord).json_schema(mode=mode)
    assert set(schema["properties"]) == {
        "timestamp",
        "requestContext",
        "requestPayload",
        "responseContext",
        "responsePayload",
    }
    assert schema["properties"]["requestContext"]["required"] == ["requestId", "functionArn"]
    assert "record" in Holder.model_json_schema(mode=mode)["properties"]
