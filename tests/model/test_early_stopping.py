import tensorflow as tf

from model.early_stopping import EarlyStopping


def test_stops_when_the_loss_no_longer_falls_and_keeps_the_best():
    weights = tf.Variable([1.0])
    stopping = EarlyStopping([weights], patience=2)
    for epoch, loss in enumerate([3.0, 2.0, 2.5, 2.0]):
        assert not stopping.over()
        weights.assign([float(epoch)])
        stopping.update(loss)
    assert stopping.over()
    stopping.restore_best()
    assert weights.numpy() == [1.0]


def test_never_stops_without_patience():
    weights = tf.Variable([1.0])
    stopping = EarlyStopping([weights], patience=None)
    for _ in range(10):
        stopping.update(1.0)
    weights.assign([2.0])
    stopping.restore_best()
    assert not stopping.over() and weights.numpy() == [2.0]


def test_remembers_over_an_interruption(tmp_path):
    first = EarlyStopping([tf.Variable([5.0])], patience=1)
    first.update(1.0)
    first.update(2.0)
    path = tf.train.Checkpoint(stopping=first).save(str(tmp_path / "state"))
    weights = tf.Variable([7.0])
    second = EarlyStopping([weights], patience=1)
    tf.train.Checkpoint(stopping=second).restore(path)
    assert second.over()
    second.restore_best()
    assert weights.numpy() == [5.0]
