import numpy as np

from model import mistakes
from model.mistakes import Confused


def test_most_confused_pairs_by_their_share_of_the_label():
    confusion = np.diag([10] * 7)
    confusion[2, 5] = 5  # fear taken for sad: a third of fear
    confusion[3, 4] = 6
    confusion[3, 3] = 90
    assert mistakes.most_confused(confusion) == [
        Confused("fear", "sad", 5, 5 / 15),
        Confused("happy", "neutral", 6, 6 / 96),
    ]
    assert mistakes.most_confused(np.diag([3] * 7)) == []


def test_surest_mistakes_come_first():
    probabilities = np.full((5, 7), 0.01)
    labels = np.array([2, 2, 2, 2, 5])
    for row, sure in enumerate([0.5, 0.9, 0.7]):
        probabilities[row, 5] = sure
    probabilities[3, 2] = probabilities[4, 5] = 0.9  # both right
    pair = Confused("fear", "sad", 3, 0.75)
    assert mistakes.most_confident(probabilities, labels, pair).tolist() == [1, 2, 0]
    assert mistakes.most_confident(probabilities, labels, pair, count=1).tolist() == [1]


def test_sheet_has_a_row_for_each_pair(generator):
    faces = generator.integers(0, 256, (3, 48, 48, 1), dtype=np.uint8)
    pair = Confused("fear", "sad", 3, 0.75)
    one = mistakes.draw_mistakes([pair], [faces], [np.array([0.9, 0.8, 0.7])])
    two = mistakes.draw_mistakes([pair] * 2, [faces] * 2, [np.array([0.9, 0.8, 0.7])] * 2)
    assert two.width == one.width and two.height > 1.8 * one.height
    assert mistakes.draw_mistakes([], [], []).height > 0
