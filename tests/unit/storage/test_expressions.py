"""Attributes and conditions mean to DynamoDB what boto3's mean; botocore reads the same from an answer."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr as BotoAttr
from boto3.dynamodb.conditions import ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.awsrequest import HeadersDict
from botocore.parsers import JSONParser
from botocore.serialize import JSONSerializer
from hypothesis import given
from hypothesis import strategies as st

from rolecall.auth.roles import Role
from rolecall.aws import clients
from rolecall.storage.expressions import Attr, deserialize_item, serialize_item

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.sampled_from(Role)
    | st.integers(-(10**37), 10**37)
    | st.decimals("-1e9", "1e9", places=4)
    | st.sets(st.text(), min_size=1),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)
ITEMS = st.dictionaries(st.text(min_size=1), VALUES, max_size=5)


def _sorted_sets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: sorted(one) if name == "SS" else _sorted_sets(one) for name, one in value.items()}
    return [_sorted_sets(one) for one in value] if isinstance(value, list) else value


@given(ITEMS)
def test_an_item_is_written_and_read_as_boto3_does(item: dict[str, Any]) -> None:
    boto = {name: TypeSerializer().serialize(value) for name, value in item.items()}

    assert _sorted_sets(serialize_item(item)) == _sorted_sets(boto)
    assert deserialize_item(boto) == {name: TypeDeserializer().deserialize(value) for name, value in boto.items()}


@pytest.mark.parametrize("value", [1.5, b"x", set(), {1}, object()])
def test_what_this_table_does_not_hold_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        serialize_item({"value": value})


def test_a_set_of_numbers_is_read() -> None:
    assert deserialize_item({"numbers": {"NS": ["1", "2.5"]}}) == {"numbers": {Decimal(1), Decimal("2.5")}}


@pytest.mark.parametrize(
    "condition",
    [
        lambda attr: attr("a").eq(1),
        lambda attr: attr("a").lt("x"),
        lambda attr: attr("a").lte(1),
        lambda attr: attr("a").gt(1),
        lambda attr: attr("a").gte(1),
        lambda attr: attr("a").between(1, 2),
        lambda attr: attr("a").begins_with("x"),
        lambda attr: attr("a").exists(),
        lambda attr: attr("a").not_exists(),
        lambda attr: attr("a").eq(True) & (attr("b").not_exists() | attr("a").gt(3)),
    ],
)
def test_a_condition_says_what_boto3_says(condition: Callable[[Any], Any]) -> None:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    expression = condition(Attr).expression(names, values)
    built = ConditionExpressionBuilder().build_expression(condition(BotoAttr))

    assert expression == built.condition_expression
    assert names == built.attribute_name_placeholders
    assert values == serialize_item(built.attribute_value_placeholders)


def test_expressions_that_share_their_names_and_values_do_not_overwrite_each_other() -> None:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}

    assert Attr("a").eq(1).expression(names, values) == "#n0 = :v0"
    assert Attr("b").eq(2).expression(names, values) == "#n1 = :v1"


@pytest.fixture(scope="module")
def client() -> Any:
    return clients.create_client("dynamodb", region_name="eu-west-1")


def _answer(status: int, body: bytes) -> dict[str, Any]:
    return {"status_code": status, "headers": HeadersDict({"x-amzn-RequestId": "1"}), "body": body}


@pytest.mark.parametrize(
    ("operation", "status", "body"),
    [
        (
            "Query",
            200,
            b'{"Items": [{"a": {"S": "x"}, "b": {"M": {"c": {"L": [{"N": "1"}, {"NULL": true}]}}}}, {}], "Count": 2}',
        ),
        ("GetItem", 200, b'{"Item": {"a": {"SS": ["x", "y"]}, "b": {"BOOL": false}}}'),
        ("BatchGetItem", 200, b'{"Responses": {"t": [{"a": {"S": "x"}}]}, "UnprocessedKeys": {}}'),
        (
            "TransactWriteItems",
            400,
            b'{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "no",'
            b' "CancellationReasons": [{"Code": "None"},'
            b' {"Code": "ConditionalCheckFailed", "Item": {"a": {"N": "7"}}}]}',
        ),
        ("GetItem", 500, b"<html>"),
    ],
)
def test_an_answer_is_read_as_botocore_reads_it(client: Any, operation: str, status: int, body: bytes) -> None:
    shape = client.meta.service_model.operation_model(operation).output_shape

    assert clients._OrjsonParserKeepingAttributeValues().parse(_answer(status, body), shape) == JSONParser().parse(
        _answer(status, body), shape
    )


_ITEM = {"pk": {"S": "x"}, "a": {"M": {"b": {"L": [{"N": "1"}, {"NULL": True}]}}}, "c": {"SS": ["x", "y"]}}


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("GetItem", {"TableName": "t", "Key": {"pk": {"S": "x"}}, "ConsistentRead": True}),
        ("Query", {"TableName": "t", "ExpressionAttributeValues": {":v0": {"S": "x"}}, "Limit": 1}),
        ("PutItem", {"TableName": "t", "Item": _ITEM}),
        ("BatchGetItem", {"RequestItems": {"t": {"Keys": [{"pk": {"S": "x"}}], "ConsistentRead": True}}}),
        ("BatchWriteItem", {"RequestItems": {"t": [{"DeleteRequest": {"Key": {"pk": {"S": "x"}}}}]}}),
        (
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "t", "Item": _ITEM}}], "ClientRequestToken": "1"},
        ),
    ],
)
def test_a_request_is_written_as_botocore_writes_it(client: Any, operation: str, request_: dict[str, Any]) -> None:
    model = client.meta.service_model.operation_model(operation)

    assert isinstance(client._serializer, clients._UnchangedParametersSerializer)
    assert client._serializer.serialize_to_request(request_, model) == JSONSerializer().serialize_to_request(
        request_, model
    )


def test_a_client_has_every_operation_of_its_service(client: Any) -> None:
    assert {"get_item", "transact_write_items", "batch_write_item", "query"} <= set(dir(client))
    assert client.meta.endpoint_url == "https://dynamodb.eu-west-1.amazonaws.com"
