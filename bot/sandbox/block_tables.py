"""The shapes of tables and charts: table, data_table, data_visualization.
Data and the few checks that span rows; the limits are those of Slack's reference for these blocks.
"""

from collections.abc import Iterator

from bot.sandbox.block_checks import array, boolean, both, by_type, integer, number, one_of, problem, shape, text
from bot.sandbox.block_texts import BLOCK_ID, CELL, HEADER_CELL, MANY

COLUMNS_MAX = 20
CHART_LABEL = text(20)
CHART_SERIES_MAX = 12


def _column_setting(value: object, pointer: str) -> Iterator[str]:
    if value is not None:
        fields = {"align": one_of("left", "center", "right"), "is_wrapped": boolean}
        yield from shape({}, fields)(value, pointer)


def _even_rows(value: object, pointer: str) -> Iterator[str]:
    rows = value.get("rows") if isinstance(value, dict) else None
    if isinstance(rows, list) and len({len(row) for row in rows if isinstance(row, list)}) > 1:
        yield problem("every row must have the same number of cells", f"{pointer}/rows")


def _plain_header(value: object, pointer: str) -> Iterator[str]:
    rows = value.get("rows") if isinstance(value, dict) else None
    if isinstance(rows, list) and rows:
        yield from array(HEADER_CELL, COLUMNS_MAX)(rows[0], f"{pointer}/rows/0")


TABLE = shape(
    {"rows": array(array(CELL, COLUMNS_MAX), 100)},
    {"column_settings": array(_column_setting, COLUMNS_MAX), **BLOCK_ID},
)
DATA_TABLE = both(
    shape(
        {"caption": text(MANY), "rows": array(array(CELL, COLUMNS_MAX), 201, least=2)},
        {"page_size": integer(1, 100), "row_header_column_index": integer(0, COLUMNS_MAX - 1), **BLOCK_ID},
    ),
    _even_rows,
    _plain_header,
)

POINT = shape({"label": CHART_LABEL, "value": number})
AXIS = shape({"categories": array(CHART_LABEL, COLUMNS_MAX)}, {"x_label": text(50), "y_label": text(50)})
SERIES = array(shape({"name": CHART_LABEL, "data": array(POINT, 20)}), CHART_SERIES_MAX)
LINES = shape({"series": SERIES, "axis_config": AXIS})
CHART = by_type(
    {"pie": shape({"segments": array(POINT, CHART_SERIES_MAX)}), "bar": LINES, "area": LINES, "line": LINES}
)
DATA_VISUALIZATION = shape({"title": text(50), "chart": CHART}, BLOCK_ID)
