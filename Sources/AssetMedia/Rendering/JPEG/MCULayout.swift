/// How the blocks of a picture become pixels of the reduced one.
struct MCULayout {
    /// The size of a block of the largest component: 1 or 2.
    let unit: Int
    /// The largest sampling factors.
    let horizontal: Int
    let vertical: Int
    /// How many MCUs there are.
    let across: Int
    let down: Int
    let linesPerMCU: Int
    /// Of a line of a plane.
    let stride: Int
    /// A plane has the lines of a row of MCUs. All components have one of the same size, the size of the pixels.
    let planeSize: Int

    init(_ picture: ReducedJPEG, shrink: Int) {
        unit = 8 / shrink
        horizontal = picture.components.map(\.horizontal).max() ?? 1
        vertical = picture.components.map(\.vertical).max() ?? 1
        across = (picture.width + 8 * horizontal - 1) / (8 * horizontal)
        down = (picture.height + 8 * vertical - 1) / (8 * vertical)
        linesPerMCU = unit * vertical
        // A block is written by four columns, even where it has two: the next one is written over what is too much, and
        // after the last one there is room for it.
        stride = across * unit * horizontal + 8
        planeSize = stride * linesPerMCU
    }
}
