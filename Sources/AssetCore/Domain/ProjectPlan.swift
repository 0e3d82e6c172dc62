import OrderedCollections

/// The assets of a generated project, one after the other: folders before what is in them.
struct ProjectPlan {
    let top = GID()
    private(set) var fileCount = 0

    private let count: Int
    private let isFlat: Bool
    private let samples: [ArchivedContent]
    private let start: Timestamp
    private var random: SeededGenerator
    private var made = 0
    /// Where the next product goes, from the top: product line, category, family, product.
    private var path: [(number: Int, gid: GID)] = []
    private var filesLeft = 0
    private var fileNumber = 0

    /// How many folders a folder of each level holds: 6 lines, 8 categories, 10 families, and products until there are enough.
    private static let widths = [6, 8, 10]
    /// Files of a product, on average.
    private static let filesPerProduct = 300

    private static let lines = ["Atlas", "Borealis", "Cirrus", "Delta", "Equinox", "Fjord"]
    /// Those of each line.
    private static let categories = [
        ["cms", "drill", "filter", "lamp", "motor", "pump", "sensor", "valve"],
        ["axle", "bearing", "clutch", "fan", "gauge", "hinge", "lever", "spring"],
        ["bench", "chair", "desk", "frame", "rack", "shelf", "stool", "table"],
        ["cable", "fuse", "meter", "plug", "relay", "socket", "switch", "timer"],
        ["apron", "boot", "glove", "helmet", "jacket", "mask", "vest", "visor"],
        ["bolt", "clamp", "file", "hammer", "plane", "saw", "screw", "wrench"],
    ]
    private static let views: [(en: String, nl: String)] = [
        ("front view", "vooraanzicht"), ("side view", "zijaanzicht"), ("rear view", "achteraanzicht"),
        ("detail", "detail"), ("in use", "in gebruik"), ("packaging", "verpakking"), ("manual", "handleiding"),
        ("data sheet", "gegevensblad"),
    ]

    init(root: GID, assets count: Int, isFlat: Bool, seed: UInt64, samples: [ArchivedContent], now: Timestamp) {
        self.root = root
        self.count = count
        self.isFlat = isFlat
        self.samples = samples
        random = SeededGenerator(seed: seed)
        // Three years back, so that times differ.
        start = now.adding(seconds: -3 * 365 * 86_400)
    }

    private let root: GID

    /// The next assets, at most `limit`; none when all have been made.
    mutating func next(_ limit: Int) -> [ArchivedAsset] {
        var batch: [ArchivedAsset] = []
        while batch.count < limit, made < count {
            batch.append(made == 0 ? folder(top, "products", in: root) : isFlat ? file(in: top) : step())
            made += 1
        }
        return batch
    }

    /// A file of the product at hand, or else the next folder on the way to the next product.
    private mutating func step() -> ArchivedAsset {
        if filesLeft > 0, let product = path.last?.gid {
            filesLeft -= 1
            return file(in: product)
        }
        if path.count > Self.widths.count {
            path.removeLast()
            advance()
        }
        let gid = GID()
        let parent = path.last?.gid ?? top
        let number = pending
        pending = 0
        path.append((number, gid))
        if path.count > Self.widths.count {
            filesLeft = Self.filesPerProduct / 2 + Int(random.next() % UInt64(Self.filesPerProduct))
            fileNumber = 0
        }
        return folder(gid, name(of: path.count), in: parent)
    }

    /// The number that the next folder has among its siblings.
    private var pending = 0

    /// Leaves a product, and each folder that is full. The last level takes what its siblings do not.
    private mutating func advance() {
        let products = max(1, count / Self.filesPerProduct)
        let perFamily = max(1, products / Self.widths.reduce(1, *))
        lastProduct += 1
        guard lastProduct >= perFamily else {
            pending = lastProduct
            return
        }
        lastProduct = 0
        while let folder = path.popLast() {
            let isFull = folder.number + 1 >= Self.widths[path.count] && !path.isEmpty
            if !isFull {
                pending = folder.number + 1
                return
            }
        }
    }

    private var lastProduct = 0

    private func name(of level: Int) -> String {
        let numbers = path.map(\.number)
        return switch level {
        case 1:
            numbers[0] < Self.lines.count ? Self.lines[numbers[0]] : "Line \(numbers[0] + 1)"
        case 2: category
        case 3: product
        default: "\(product) \(numbers[3] + 1)"
        }
    }

    private var category: String { Self.categories[path[0].number % Self.categories.count][path[1].number] }

    /// Such as `cms 225`.
    private var product: String { "\(category) \(200 + path[2].number * 5)" }

    // MARK: Assets

    private func folder(_ gid: GID, _ name: String, in parent: GID) -> ArchivedAsset {
        asset(gid, name, in: parent, nil, title: [:], metadata: .emptyObject, on: start)
    }

    private mutating func file(in parent: GID) -> ArchivedAsset {
        let view = Self.views[Int(random.next() % UInt64(Self.views.count))]
        let sample = samples[Int(random.next() % UInt64(samples.count))]
        let product =
            isFlat
            ? "\(Self.categories[Int(random.next() % 6)][Int(random.next() % 8)]) \(200 + random.next() % 10 * 5)"
            : self.product
        fileNumber += 1
        fileCount += 1
        let stem = "\(product) \(view.en) \(fileNumber)".split(separator: " ").joined(separator: "-")
        let name = sample.type.map { "\(stem).\($0)" } ?? stem
        let article: JSON = .string("EC\(1_000_000 + random.next() % 9_000_000)")
        return asset(
            GID(), name, in: parent, sample,
            title: ["en": "\(product) \(view.en) \(fileNumber)", "nl": "\(product) \(view.nl) \(fileNumber)"],
            metadata: random.next() % 4 == 0
                ? ["product.article": ["type": "textline", "is_localized": false, "value": article]] : .emptyObject,
            on: start.adding(seconds: Double(random.next() % (3 * 365 * 86_400))))
    }

    private func asset(
        _ gid: GID, _ name: String, in parent: GID, _ content: ArchivedContent?, title: LocalizedText,
        metadata: JSON, on moment: Timestamp
    ) -> ArchivedAsset {
        // An archived asset is made of one that is stored; the numbers of rows and bytes are the importer's.
        let stored = content.map {
            Asset.Content(blob: BlobID(rawValue: 0), size: $0.size, type: $0.type, info: $0.info)
        }
        return ArchivedAsset(
            Asset(
                id: AssetID(rawValue: 0), gid: gid, project: ProjectID(rawValue: 0), parent: nil, name: name,
                content: stored, status: .published, version: 1, fileCount: 0, folderCount: 0, title: title,
                description: [:], metadata: metadata, transforms: .null, createdOn: moment, updatedOn: moment),
            parent: parent, content: content, oldVersions: [])
    }

    // MARK: Bytes

    /// The smallest files that are what their names say, as far as their first bytes go.
    static let sampleFiles: [(name: String, bytes: [UInt8])] = [
        ("a.png", png), ("b.jpg", jpeg), ("c.pdf", Array("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n".utf8)),
        ("d.gif", Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 1, 0, 0, 0x3b]),
        ("e.mp4", [0, 0, 0, 24] + Array("ftypisom".utf8) + [0, 0, 2, 0] + Array("isomiso2".utf8)),
        ("f.txt", Array("Not much to read.\n".utf8)),
    ]

    private static let png: [UInt8] =
        [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13] + Array("IHDR".utf8)
        + [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10] + Array("IDAT".utf8)
        + [0x78, 0x9c, 0x63, 0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0] + Array("IEND".utf8)
        + [0xae, 0x42, 0x60, 0x82]

    private static let jpeg: [UInt8] =
        [0xff, 0xd8, 0xff, 0xe0, 0, 16] + Array("JFIF".utf8) + [0, 1, 1, 0, 0, 1, 0, 1, 0, 0]
        + [0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0xff, 0xd9]
}
