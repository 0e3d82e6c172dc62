import AssetCore
import AssetTesting
import Foundation
import Testing

struct TransformOptionsTests {
    private func parse(_ text: String) throws -> TransformOptions {
        try TransformOptions(
            text.split(separator: "/").map { part in
                let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                return (pair[0], pair[1])
            })
    }

    @Test(
        arguments: [
            ("width=300", .width(300, height: nil)), ("width=300,200", .width(300, height: 200)),
            ("height=300", .height(300, width: nil)),
            // A pair is width and height, also here.
            ("height=40,30", .height(30, width: 40)), ("fit=40,30", .fit(width: 40, height: 30)),
            ("fill=40,30", .fill(width: 40, height: 30)), ("width=0", .width(1, height: nil)),
            ("width=-7,99999", .width(1, height: 5000)), ("width=1e9", .width(5000, height: nil)),
            ("width=10.5", .width(11, height: nil)), ("fit=+5,0.2", .fit(width: 5, height: 1)),
        ] as [(String, Recipe.Resize)])
    func `sizes are read and clamped`(_ text: String, _ resize: Recipe.Resize) throws {
        #expect(try parse(text).recipe.resize == resize)
    }

    @Test func `everything else is read and clamped`() throws {
        let options = try parse(
            "hs=0.6,-1/crop=2,0.5/padding=0,auto,5000,7.6/q=200/bg=12AbFf/dpr=9/optimize=True/force=TRUE/type=WEBP/name=a b/key=x1"
        )
        var recipe = Recipe(format: .jpg)
        recipe.hotspot = Recipe.Fractions(0.6, 0)
        recipe.crop = Recipe.Fractions(1, 0.5)
        recipe.padding = Recipe.Padding(top: 0, right: nil, bottom: 1000, left: 8)
        recipe.quality = 100
        recipe.background = .color(red: 0x12, green: 0xab, blue: 0xff)
        recipe.density = 4
        recipe.isOptimized = true
        #expect(options.recipe == recipe)
        #expect(options.isForced && options.type == .fixed(.webp) && options.name == "a b" && options.key == "x1")
        #expect(try parse("bg=white").recipe.background == .white)
        #expect(try parse("bg=Transparent").recipe.background == .transparent)
        #expect(try parse("type=jpeg").type == .fixed(.jpg))
        #expect(try parse("type=auto").type == .auto)
        #expect(try TransformOptions([]).type == .source)
        #expect(try parse("q=-3/dpr=0").recipe.quality == 0)
        #expect(try parse("q=-3/dpr=0").recipe.density == 1)
    }

    @Test(
        arguments: [
            ("width=wide", "width"), ("width=", "width"), ("width=1,2,3", "width"), ("fit=10", "fit"),
            ("fill=10,", "fill"), ("width=nan", "width"), ("width=inf", "width"), ("width=0x10", "width"),
            ("width=1/height=1", "height"), ("hs=0.5", "hs"), ("hs=a,b", "hs"), ("crop=1,1,1", "crop"),
            ("padding=1,2,3", "padding"), ("padding=1,2,3,four", "padding"), ("q=high", "q"), ("dpr=", "dpr"),
            ("bg=red", "bg"), ("bg=#123456", "bg"), ("bg=1234567", "bg"), ("bg=12345g", "bg"), ("type=tiff", "type"),
            ("force=1", "force"), ("optimize=yes", "optimize"), ("colour=red", "colour"), ("name=a/name=b", "name"),
            ("=1", ""), ("key=a\u{0}", "key"), ("name=a\\b", "name"), ("name=a\nb", "name"),
        ])
    func `what cannot be read is named`(_ text: String, _ parameter: String) throws {
        let error = #expect(throws: AssetError.self) { try parse(text) }
        #expect(error?.code == .badParameter && error?.parameter == parameter, "\(text)")
    }

    @Test func `the file is called by name, key and format`() throws {
        let gid = try #require(GID("11111111-1111-4111-8111-111111111111"))
        #expect(try parse("name=seo/key=2x").fileName(of: gid, .png) == "seo@2x.png")
        #expect(try parse("key=2x").fileName(of: gid, .gif) == "\(gid)@2x.gif")
        // An empty one counts as none.
        #expect(try parse("name=/key=2x").fileName(of: gid, .gif) == "\(gid)@2x.gif")
        // Without a key, the options tell outputs apart; their order does not, nor does what changes no pixel.
        let hash = try parse("width=3/q=5").fileName(of: gid, .jpg)
        #expect(hash.wholeMatch(of: /.{36}@[0-9a-f]{8}\.jpg/) != nil)
        #expect(try parse("q=5/force=true/width=3").fileName(of: gid, .jpg) == hash)
        #expect(try parse("q=6/width=3").fileName(of: gid, .jpg) != hash)
        let long = String(repeating: "é", count: 120)
        #expect(throws: AssetError.self) { try parse("name=\(long)/key=0123456789abcdef").fileName(of: gid, .jpg) }
    }

    @Test(
        arguments: [
            ("image/avif,image/webp,*/*", .avif), ("image/webp;q=0.8, text/html", .webp),
            ("image/avif;q=0,image/webp", .webp),
            ("IMAGE/AVIF", .avif), ("*/*", nil), ("image/png", nil), ("", nil), ("image/webp; q=0.0", nil),
        ] as [(String, OutputFormat?)])
    func `the format follows what is accepted`(_ header: String, _ format: OutputFormat?) {
        #expect(OutputFormat(accepting: header) == format)
    }

    /// Whatever comes in, the options are within their ranges or an error names one. Set `STOCKROOM_FUZZ_SEED` to repeat a run.
    @Test func `no text makes options that are out of range`() throws {
        let given = ProcessInfo.processInfo.environment["STOCKROOM_FUZZ_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: .min ... .max)
        FileHandle.standardError.write(Data("TransformOptionsTests: STOCKROOM_FUZZ_SEED=\(seed)\n".utf8))
        var generator = SeededGenerator(seed: seed)
        let names = [
            "width", "height", "fit", "fill", "hs", "crop", "padding", "q", "dpr", "bg", "type", "force", "optimize",
            "name", "key", "x",
        ]
        let pieces = [
            "0", "1", "7", "999", "5000", "-", "+", ".", ",", "e", "E9", "e308", "auto", "true", "False", "white",
            "nan",
            "inf", "0x", "ff", "é", "\u{0}", "=", "٣", " ", "jpg", "1e-400", "123456789012345678901234567890",
        ]
        var accepted = 0
        for _ in 0..<20_000 {
            let options = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                let value = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                    pieces.randomElement(using: &generator) ?? ""
                }.joined()
                return (name: names.randomElement(using: &generator) ?? "", value: value)
            }
            guard let parsed = try? TransformOptions(options) else { continue }
            accepted += 1
            let recipe = parsed.recipe
            let sizes: [Int] =
                switch recipe.resize {
                case nil: []
                case .width(let width, let height): [width] + (height.map { [$0] } ?? [])
                case .height(let height, let width): [height] + (width.map { [$0] } ?? [])
                case .fit(let width, let height), .fill(let width, let height): [width, height]
                }
            let padding = recipe.padding
            let isSound =
                sizes.allSatisfy { (1...5000).contains($0) } && (1...4).contains(recipe.density)
                && (recipe.quality.map { (0...100).contains($0) } ?? true)
                && [recipe.hotspot, recipe.crop ?? recipe.hotspot].allSatisfy {
                    (0...1).contains($0.x) && (0...1).contains($0.y)
                }
                && [padding.top, padding.right, padding.bottom, padding.left].allSatisfy {
                    $0.map { (0...1000).contains($0) } ?? true
                }
            if !isSound { Issue.record("seed \(seed): \(options)") }
        }
        #expect(accepted > 1000)
    }

    @Test func `storage names are a gid and a version`() throws {
        let gid = GID()
        #expect(StorageName("\(gid)~31.svg") == StorageName(gid: gid, version: 31))
        #expect(StorageName("\(gid)~3") == StorageName(gid: gid, version: 3))
        #expect(StorageName("\(gid)~3.tar.gz") == StorageName(gid: gid, version: 3))
        for text in [
            "\(gid)", "\(gid)~", "\(gid)~0.jpg", "\(gid)~-1", "\(gid)~1x", "~1", "x~1", "\(gid)~99999999999999999999",
        ] {
            #expect(StorageName(text) == nil, "\(text)")
        }
    }
}
