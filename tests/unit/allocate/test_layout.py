from hanse.allocate.kernels import arrays, layout


def test_the_slots_of_the_header_follow_the_parts_of_the_shop():
    slots = [getattr(layout, name.upper()) for name in arrays.Arrays._fields]
    assert slots == list(range(len(slots)))
    assert len(slots) + 6 == layout.HEADER
