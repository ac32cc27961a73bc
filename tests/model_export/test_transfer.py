import torch

from model_export.transfer import on_device


def test_batches_reach_their_device_in_order_and_whole() -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    batches = [(number, torch.full((2, 4, 4, 3), number, dtype=torch.uint8)) for number in range(5)]
    sent = list(on_device(batches, device))
    assert [item for item, _ in sent] == [0, 1, 2, 3, 4]
    for (_, arrived), (_, given) in zip(sent, batches, strict=True):
        assert arrived.device.type == device.type
        assert torch.equal(arrived.cpu(), given)


def test_without_batches_there_is_nothing_to_send() -> None:
    assert list(on_device([], torch.device("cpu"))) == []
