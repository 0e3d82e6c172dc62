import AssetCore
import AssetTesting
import Testing

@testable import AssetMedia

/// The geometry as rows, worked out by hand from section 11.4 of the project reference. `Tests/Clients/transform_model.py` is a
/// second, independent model, which the pixels of real outputs are compared with.
struct RenderGeometryTests {
    private func axis(_ length: Int, _ scaled: Int, _ before: Int?, _ after: Int?, _ hotspot: Double = 0.5)
        -> RenderGeometry.Axis
    {
        RenderGeometry.Axis(length: length, scaled: scaled, before: before, after: after, hotspot: hotspot)
    }

    @Test func `a source that is smaller than the canvas takes its place by padding and hotspot`() {
        // Both free: the hotspot comes to the centre as near as the edges allow.
        #expect(axis(100, 40, nil, nil).start == 30)
        #expect(axis(100, 40, nil, nil, 0).start == 50)
        #expect(axis(100, 40, nil, nil, 1).start == 10)
        #expect(axis(100, 80, nil, nil, 0).start == 20)
        // One fixed: the other takes what is free.
        #expect(axis(100, 40, 7, nil).start == 7)
        #expect(axis(100, 40, nil, 7).start == 53)
        // Both fixed: each gets its minimum and half of the rest.
        #expect(axis(100, 40, 10, 30).start == 20)
        #expect(axis(100, 40, 0, 0).start == 30)
        #expect(axis(100, 40, 10, 30).visible == 20..<60)
    }

    @Test func `a source that is larger than its room is cut around the hotspot`() {
        #expect(axis(100, 200, nil, nil).start == -50)
        #expect(axis(100, 200, nil, nil, 0.1).start == 0)
        #expect(axis(100, 200, nil, nil, 0.9).start == -100)
        #expect(axis(100, 200, nil, nil).visible == 0..<100)
        #expect(axis(100, 200, 10, 20).visible == 10..<80)
        #expect(axis(100, 200, 10, 20, 0).start == 10)
        #expect(axis(100, 200, 10, 20, 1).start == -120)
        // Padding that leaves no room.
        #expect(axis(100, 200, 60, 60).visible.isEmpty)
        #expect(axis(100, 200, 300, nil).visible.isEmpty)
        #expect(axis(100, 200, nil, 300).visible.isEmpty)
    }

    @Test func `sizes follow the resize, and nothing is scaled up`() {
        func sizes(_ resize: Recipe.Resize?, density: Int = 1, _ width: Int = 400, _ height: Int = 200) -> [Int] {
            var recipe = Recipe(format: .png)
            recipe.resize = resize
            recipe.density = density
            let geometry = RenderGeometry(recipe, width: width, height: height)
            return [
                geometry.horizontal.scaled, geometry.vertical.scaled, geometry.horizontal.length,
                geometry.vertical.length,
            ]
        }
        #expect(sizes(nil) == [400, 200, 400, 200])
        #expect(sizes(.width(100, height: nil)) == [100, 50, 100, 50])
        #expect(sizes(.width(100, height: 80)) == [100, 50, 100, 80])
        #expect(sizes(.height(100, width: nil)) == [200, 100, 200, 100])
        #expect(sizes(.height(100, width: 50)) == [200, 100, 50, 100])
        #expect(sizes(.fit(width: 100, height: 100)) == [100, 50, 100, 100])
        #expect(sizes(.fill(width: 100, height: 100)) == [200, 100, 100, 100])
        #expect(sizes(.width(100, height: nil), density: 2) == [200, 100, 200, 100])
        #expect(sizes(.width(1000, height: nil)) == [400, 200, 1000, 200])
        #expect(sizes(.fill(width: 1000, height: 10)) == [400, 200, 1000, 10])
        #expect(sizes(.width(1, height: nil), 400, 1) == [1, 1, 1, 1])
    }

    @Test func `a crop stays inside the source, and the hotspot moves with it`() {
        var recipe = Recipe(format: .png)
        recipe.crop = Recipe.Fractions(0.5, 0.25)
        recipe.hotspot = Recipe.Fractions(0.1, 0.5)
        let geometry = RenderGeometry(recipe, width: 400, height: 200)
        #expect(geometry.crop == RenderGeometry.Area(left: 0, top: 75, width: 200, height: 50))
        #expect([geometry.horizontal.length, geometry.vertical.length] == [200, 50])
        recipe.resize = .fill(width: 20, height: 20)
        // 40 fiftieths of the crop's 200 pixels lie before the hotspot: 16 of 80.
        #expect(RenderGeometry(recipe, width: 400, height: 200).horizontal.start == -6)
    }

    /// Set `STOCKROOM_FUZZ_SEED` in other fuzz tests; here the seeds are fixed, as the space is small.
    @Test func `what is shown always lies in the canvas, outside of the padding, and in the source`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let length = Int.random(in: 1...300, using: &generator)
            let scaled = Int.random(in: 1...300, using: &generator)
            let before = Bool.random(using: &generator) ? Int.random(in: 0...200, using: &generator) : nil
            let after = Bool.random(using: &generator) ? Int.random(in: 0...200, using: &generator) : nil
            let axis = axis(length, scaled, before, after, Double.random(in: 0...1, using: &generator))
            let shown = axis.visible
            let room = max(0, length - (before ?? 0) - (after ?? 0))
            var isSound = shown.isEmpty || (shown.lowerBound >= 0 && shown.upperBound <= length)
            isSound = isSound && (shown.isEmpty || shown.lowerBound >= min(before ?? 0, length))
            isSound = isSound && (shown.isEmpty || shown.upperBound <= max(length - (after ?? 0), 0))
            isSound = isSound && (shown.isEmpty || shown.lowerBound >= axis.start)
            isSound = isSound && (shown.isEmpty || shown.upperBound <= axis.start + scaled)
            isSound = isSound && shown.count == min(scaled, room)
            if !isSound { Issue.record("\(length) \(scaled) \(String(describing: (before, after))): \(axis)") }
        }
    }
}
