//! A table drawn: a panel for each column, a bar for each row, a line as long as the spread over seeds, and the paper's figure as a mark.

use super::{Row, Table};
use crate::data::PictureError;
use crate::data::draw_svg;

/// Sizes, in pixels.
const NAME_ROOM: f64 = 8.0;
const PANEL: f64 = 170.0;
const BAR_ROOM: f64 = 110.0;
const ROW: f64 = 26.0;
const TOP: f64 = 74.0;
const BOTTOM: f64 = 46.0;
const MARGIN: f64 = 24.0;
const BAR: f64 = 12.0;
/// Pixels of the drawing for each of these.
const SHARPNESS: f64 = 1.5;
/// What a letter of a row's name takes at most.
const LETTER: f64 = 7.4;

/// The drawing as a PNG file.
///
/// # Errors
/// A table too large to be drawn.
pub fn png(table: &Table) -> Result<Vec<u8>, PictureError> {
    let (drawing, [width, height]) = svg(table);
    let side = (SHARPNESS * width.max(height)).ceil() as u32;
    draw_svg(drawing.as_bytes(), [255; 3], side)?.to_png().map_err(|error| PictureError::BadDrawing(error.to_string()))
}

/// The drawing and its size.
fn svg(table: &Table) -> (String, [f64; 2]) {
    let longest = table.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0) as f64;
    let names = NAME_ROOM + LETTER * longest;
    let width = 2.0 * MARGIN + names + PANEL * table.columns.len() as f64;
    let height = TOP + ROW * table.rows.len() as f64 + BOTTOM;
    let mut out = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="Ubuntu" font-size="13" fill="#1f2430">
<text x="{MARGIN}" y="30" font-size="18">{}</text>
<text x="{MARGIN}" y="{}" font-size="11" fill="#667085">Bars: mean over seeds. Thin lines: one standard deviation to either side. Upright marks: the paper.</text>
"##,
        escaped(&format!("{}, preset {:?}", table.table, table.preset).to_lowercase()),
        height - 14.0,
    );
    for (place, row) in table.rows.iter().enumerate() {
        let y = TOP + ROW * place as f64;
        if place % 2 == 0 {
            out += &format!(r##"<rect x="{MARGIN}" y="{y}" width="{}" height="{ROW}" fill="#f4f6fa"/>"##, width - 2.0 * MARGIN);
        }
        out += &format!(r#"<text x="{}" y="{}">{}</text>"#, MARGIN + NAME_ROOM, y + 17.0, escaped(&row.name));
    }
    for (place, column) in table.columns.iter().enumerate() {
        panel(&mut out, table, column, MARGIN + names + PANEL * place as f64);
    }
    out += "</svg>";
    (out, [width, height])
}

fn panel(out: &mut String, table: &Table, column: &str, left: f64) {
    let [low, high] = range(&table.rows, column);
    let at = |value: f64| left + BAR_ROOM * (value.clamp(low, high) - low) / (high - low);
    let bottom = TOP + ROW * table.rows.len() as f64;
    *out += &format!(r#"<text x="{left}" y="{}">{}</text>"#, TOP - 12.0, escaped(&column.replace('_', " ")));
    *out += &format!(r##"<path d="M {0} {TOP} V {bottom}" stroke="#98a2b3"/>"##, at(0.0));
    for value in [low, high] {
        *out += &format!(r##"<text x="{}" y="{}" font-size="10" fill="#667085">{}</text>"##, at(value), bottom + 14.0, short(value));
    }
    for (place, row) in table.rows.iter().enumerate() {
        let middle = TOP + ROW * (place as f64 + 0.5);
        if let Some(figure) = row.values.get(column) {
            let (from, to) = (at(figure.mean.min(0.0)), at(figure.mean.max(0.0)));
            let top = middle - BAR / 2.0;
            *out += &format!(r##"<rect x="{from}" y="{top}" width="{}" height="{BAR}" fill="#4c6fff"/>"##, (to - from).max(0.5));
            let (from, to) = (at(figure.mean - figure.sd), at(figure.mean + figure.sd));
            *out += &format!(r##"<path d="M {from} {middle} H {to}" stroke="#1f2430"/>"##);
            let words = short(figure.mean);
            *out += &format!(r#"<text x="{}" y="{}" font-size="11">{words}</text>"#, left + BAR_ROOM + 8.0, middle + 4.0);
        }
        if let Some(paper) = row.paper.get(column) {
            let (x, from, to) = (at(*paper), middle - ROW / 2.0 + 2.0, middle + ROW / 2.0 - 2.0);
            *out += &format!(r##"<path d="M {x} {from} V {to}" stroke="#c2410c" stroke-width="2.5"/>"##);
        }
    }
}

/// From where to where a column is drawn: shares from 0 to 1, everything else so that nothing leaves the panel.
fn range(rows: &[Row], column: &str) -> [f64; 2] {
    let of = |row: &Row| {
        let figure = row.values.get(column).into_iter().flat_map(|figure| [figure.mean - figure.sd, figure.mean + figure.sd, figure.mean]);
        figure.chain(row.paper.get(column).copied()).collect::<Vec<f64>>()
    };
    let values: Vec<f64> = rows.iter().flat_map(of).collect();
    let means = rows.iter().filter_map(|row| row.values.get(column)).map(|figure| figure.mean);
    if means.chain(rows.iter().filter_map(|row| row.paper.get(column).copied())).all(|value| (0.0..=1.0).contains(&value)) {
        return [0.0, 1.0];
    }
    let (low, high) = (values.iter().copied().fold(0.0, f64::min), values.iter().copied().fold(0.0, f64::max));
    if high > low { [low, high] } else { [0.0, 1.0] }
}

fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A text as it may stand in a drawing.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::reproduce::Figure;
    use crate::schemes::plan::Preset;

    fn table(rows: Vec<Row>, columns: &[&str]) -> Table {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Table { table: "stego-2".into(), preset: Preset::Quick, seconds: 1.0, columns, rows, device: "CPU".into() }
    }

    fn row(name: &str, values: &[(&str, f64, f64)], paper: &[(&str, f64)]) -> Row {
        Row {
            name: name.into(),
            values: values.iter().map(|&(column, mean, sd)| (column.to_owned(), Figure { mean, sd, n: 3, each: Vec::new() })).collect(),
            paper: paper.iter().map(|&(column, value)| (column.to_owned(), value)).collect(),
        }
    }

    #[test]
    fn shares_are_drawn_from_0_to_1_and_nothing_else_leaves_its_panel() {
        let rows = [row("a", &[("keys", 0.9, 0.2), ("drop", -2.0, 1.0)], &[("drop", 3.5)])];
        assert_eq!(range(&rows, "keys"), [0.0, 1.0]);
        assert_eq!(range(&rows, "drop"), [-3.0, 3.5]);
        assert_eq!(range(&rows, "nothing"), [0.0, 1.0]);
    }

    #[test]
    fn a_table_becomes_a_picture_with_a_bar_as_long_as_its_value() {
        let blue = |planes: &[u8], pixels: usize| {
            (0..pixels).filter(|&i| planes[i] < 110 && planes[2 * pixels + i] > 220 && planes[pixels + i] < 150).count()
        };
        let drawn = |value: f64| {
            let (drawing, size) = svg(&table(vec![row("R & D <1>", &[("keys", value, 0.0)], &[("keys", 0.99)])], &["keys"]));
            let picture = draw_svg(drawing.as_bytes(), [255; 3], size[0].ceil() as u32).unwrap();
            blue(&picture.planes, picture.shape.height * picture.shape.width) as f64
        };
        let (half, whole) = (drawn(0.5), drawn(1.0));
        assert!(half > 300.0 && (whole / half - 2.0).abs() < 0.2, "{half} {whole}");
        assert!(png(&table(Vec::new(), &[])).is_ok());
    }

    #[test]
    fn names_can_be_read_on_any_computer() {
        let ink = |name: &str| {
            let (drawing, size) = svg(&table(vec![row(name, &[], &[])], &["keys"]));
            let picture = draw_svg(drawing.as_bytes(), [255; 3], size[0].ceil() as u32).unwrap();
            picture.planes.iter().filter(|&&value| value < 100).count()
        };
        assert!(ink("WWWWWWWW") > ink("........") + 100);
    }
}
