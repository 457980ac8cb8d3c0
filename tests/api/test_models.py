"""What the models read is what the document shows."""

import json

import pytest

from relief.api import models

READ = (models.EnrolDevice, models.SignInOperator, models.AskManifest, models.Batch)


@pytest.mark.parametrize("model", READ, ids=lambda model: model.__name__)
def test_the_server_reads_its_own_examples(model: type[models.Wire]):
    for example in model.model_config["json_schema_extra"]["examples"]:
        model.model_validate_json(json.dumps(example))


def test_what_a_newer_phone_says_beside_is_passed_over():
    assert models.AskManifest.model_validate_json('{"have": [], "battery": 7}').have == []
