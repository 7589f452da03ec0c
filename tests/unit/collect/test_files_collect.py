import zipfile

import openpyxl
import pytest
from tests.conformance.connectors.builders import a_world
from tests.unit.collect.test_doors_collect import SettledIntake
from tests.unit.collect.test_intake import a_bind

from hanse.collect import Mapping
from hanse.collect.connectors.files.config import FilesConfig
from hanse.collect.connectors.files.source import collect
from hanse.collect.connectors.files.table import rows_in, text_of
from hanse.model.errors import BadInput, NotFound, TooMuch
from hanse.model.time import parse_instant, to_ns

AT = to_ns(parse_instant("2026-03-01T10:00:00Z"))


async def read(tmp_path, config, *addresses, world=None):
    binds = [a_bind(n, kind="analog") for n, _ in enumerate(addresses, 1)]
    intake = SettledIntake(*binds)
    points = [
        type(p)(slot=p.slot, address=a)
        for p, a in zip(Mapping(binds=tuple(binds)).points(), addresses, strict=True)
    ]
    await collect(config, points, intake, world or a_world(tmp_path))
    return intake, intake.packer.cut(0)


async def test_rows_carry_their_own_time(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("t;load\n2026-03-01T10:00:00Z;1,5\n1772359200;2\n")
    config = FilesConfig(path=str(file), time_column="t", decimal_comma=True)
    _, frame = await read(tmp_path, config, "load")
    assert frame.value.tolist() == [1.5, 2.0]
    assert frame.at_ns.tolist() == [AT, AT]


async def test_a_row_may_be_one_named_value(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("name,when,v\nload,2026-03-01,3\nother,2026-03-01,4\nspeed,2026-03-01,5\n")
    config = FilesConfig(path=str(file), time_column="when", name_column="name", value_column="v")
    _, frame = await read(tmp_path, config, "load", "speed")
    assert frame.value.tolist() == [3.0, 5.0]


async def test_spreadsheets_are_read_with_their_dates_and_numbers(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["时间", "负载"])
    sheet.append([parse_instant("2026-03-01T10:00:00Z").replace(tzinfo=None), 42.5])
    sheet.append(["soon", 1])
    book.save(tmp_path / "a.xlsx")
    config = FilesConfig(path=str(tmp_path / "a.xlsx"), time_column="时间")
    intake, frame = await read(tmp_path, config, "负载")
    assert (frame.value.tolist(), frame.at_ns.tolist()) == ([42.5], [AT])
    assert intake.troubles.count == 1


async def test_bad_rows_and_files_are_told_and_the_good_ones_go_on(tmp_path):
    (tmp_path / "1.csv").write_text("load\n1\nx\n2\n")
    (tmp_path / "2.xlsx").write_bytes(b"PK no")
    (tmp_path / "3.csv").write_bytes(b"")
    (tmp_path / "4.csv").write_text("load,b\n3\n4,5\n")
    intake, frame = await read(tmp_path, FilesConfig(path=str(tmp_path)), "load")
    assert frame.value[frame.quality == 0].tolist() == [1.0, 2.0, 4.0]
    assert intake.troubles.count >= 4


async def test_a_file_is_read_once_until_it_changes_also_after_a_restart(tmp_path):
    file, world = tmp_path / "a.csv", a_world(tmp_path)
    config = FilesConfig(path=str(file))
    file.write_text("load\n1\n")
    for expected in ([1.0], None):
        _, frame = await read(tmp_path, config, "load", world=world)
        assert (frame.value.tolist() if frame else None) == expected
    file.write_text("load\n1\n2\n")
    _, frame = await read(tmp_path, config, "load", world=world)
    assert frame.value.tolist() == [1.0, 2.0]


def test_an_xlsx_that_unpacks_to_far_more_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    with pytest.raises(TooMuch):
        list(rows_in(tmp_path / "b.xlsx"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_of_office_files_are_found_out(encoding):
    assert text_of("时间,负载".encode(encoding)) == "时间,负载"


async def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFound):
        await read(tmp_path, FilesConfig(path=str(tmp_path / "none")), "x")


def test_a_text_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text('a,"' + "x" * 200_000)
    with pytest.raises(BadInput):
        list(rows_in(tmp_path / "a.csv"))
