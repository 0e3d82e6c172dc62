import AssetHTTP
import Testing

/// Bodies made at random, of the bytes that a search for delimiters stumbles over.
struct MultipartPropertyTests {
    /// The last seed is new in each run; to repeat a failure, put the seed it names in the list.
    @Test(arguments: [1, 2, 3, UInt64.random(in: .min ... .max)])
    func `what was put together comes apart again`(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        for round in 0..<300 {
            let form = Form.random(using: &random)
            let outcome = try MultipartTestOutcome(form.pieces(using: &random), boundary: form.boundary)
            #expect(
                outcome == MultipartTestOutcome(parts: form.parts, isAtEnd: true),
                "seed \(seed), round \(round), boundary \(form.boundary)")
        }
    }

    @Test(arguments: [4, UInt64.random(in: .min ... .max)])
    func `what is cut off is truncated`(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        for round in 0..<300 {
            var form = Form.random(using: &random)
            form.bytes.removeLast(Int.random(in: 1...form.bytes.count, using: &random))
            let outcome = try MultipartTestOutcome(form.pieces(using: &random), boundary: form.boundary)
            #expect(outcome.error == .truncated, "seed \(seed), round \(round), boundary \(form.boundary)")
            let complete = outcome.parts.filter(\.isComplete)
            #expect(complete == Array(form.parts.prefix(complete.count)), "seed \(seed), round \(round)")
        }
    }
}

private struct Form {
    let boundary: String
    var parts: [MultipartTestPart] = []
    var bytes: [UInt8] = []

    static func random(using random: inout SplitMix64) -> Form {
        // Few different characters, so that the boundary repeats itself; short ones often.
        let length = Int.random(in: 1...(Bool.random(using: &random) ? 4 : 70), using: &random)
        var form = Form(boundary: String((0..<length).map { _ in "-ab".randomElement(using: &random)! }))
        for index in 0..<Int.random(in: 0...4, using: &random) {
            form.append(MultipartTestPart(MultipartPartHeader(name: "\(index)"), form.data(using: &random)))
        }
        form.bytes += "--\(form.boundary)--".utf8
        return form
    }

    private mutating func append(_ part: MultipartTestPart) {
        parts.append(part)
        bytes += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.header.name ?? "")\"\r\n\r\n".utf8
        bytes += part.bytes
        bytes += "\r\n".utf8
    }

    /// Bytes that hold no delimiter, but everything that comes near one.
    private func data(using random: inout SplitMix64) -> [UInt8] {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        while true {
            var data: [UInt8] = []
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                switch Int.random(in: 0..<6, using: &random) {
                case 0: data += "\r\n".utf8
                case 1: data.append(UInt8(ascii: "\r"))
                case 2: data += delimiter.prefix(Int.random(in: 0..<delimiter.count, using: &random))
                case 3: data += delimiter.suffix(Int.random(in: 0..<delimiter.count, using: &random))
                case 4: data += boundary.utf8
                default:
                    let count = Int.random(in: 0...99, using: &random)
                    data += (0..<count).map { _ in .random(in: 0...255, using: &random) }
                }
            }
            // The CRLF before the data can be that of a delimiter, so it is searched too.
            if !(Array("\r\n".utf8) + data).contains(delimiter) { return data }
        }
    }

    /// The body, cut at random places.
    func pieces(using random: inout SplitMix64) -> [ArraySlice<UInt8>] {
        let longest = [1, 4, 40, 400].randomElement(using: &random)!
        var rest = bytes[...]
        var pieces: [ArraySlice<UInt8>] = []
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...longest, using: &random))
            pieces.append(piece)
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}

/// A generator that gives the same numbers for the same seed (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
