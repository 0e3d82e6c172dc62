import AssetCore
import AssetTesting
import NIOCore
import Testing

@testable import AssetBlobs

/// XML, checksums, moments, delays, sizes of parts.
struct S3FormatTests {
    @Test func `XML is read with its entities, whatever surrounds it`() throws {
        let text = """
             \n<?xml version="1.0" encoding="UTF-8"?><!-- a <comment> -->
            <s3:List xmlns="http://x/" a='1'><Key>a&amp;b&#233;&#x20AC;&lt;</Key> <Empty/><Empty2 b="2" /><Key><![CDATA[<&amp;>]]></Key>
            <Inner><Key>deep</Key></Inner></s3:List>
            """
        let xml = try #require(S3XML(Array(text.utf8)))
        #expect(xml.name == "List")
        #expect(xml.all("Key").map(\.text) == ["a&bé€<", "<&amp;>"])
        #expect(xml["Empty"] == "")
        #expect(xml["Empty2"] == "")
        #expect(xml["None"] == nil)
        #expect(xml.all("Inner").first?["Key"] == "deep")
        #expect(S3XML.escaped("a&<b>\"é") == "a&amp;&lt;b&gt;&quot;é")
    }

    @Test(arguments: [
        "", " ", "text", "<", "<a", "<a>", "<a><b></a></b>", "<a>&nothing;</a>", "<a>&amp</a>", "<a>&#xD800;</a>",
        "<a></b>", "<!-- x",
        "<a><![CDATA[x</a>", "< a></ a>", "<>x</>", String(repeating: "<a>", count: 100_000),
    ])
    func `what is not well-formed is nothing`(text: String) { #expect(S3XML(Array(text.utf8)) == nil) }

    /// The check value of the CRC catalogue, the example of RFC 1321, and that of FIPS 180-4.
    @Test func checksums() {
        func headers(_ checksum: S3Checksum, _ text: String) -> [String] {
            let value = checksum.value(of: ByteBuffer(string: text))
            return value.headers.flatMap { [$0.name, $0.value] } + [value.payloadHash]
        }
        #expect(headers(.crc32, "123456789") == ["x-amz-checksum-crc32", "y/Q5Jg==", "UNSIGNED-PAYLOAD"])
        #expect(headers(.crc32, "") == ["x-amz-checksum-crc32", "AAAAAA==", "UNSIGNED-PAYLOAD"])
        #expect(headers(.md5, "abc") == ["Content-MD5", "kAFQmDzST7DWlj99KOF/cg==", "UNSIGNED-PAYLOAD"])
        #expect(headers(.sha256, "abc") == ["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"])
        #expect(headers(.none, "abc") == ["UNSIGNED-PAYLOAD"])
    }

    /// However the bytes are cut.
    @Test(arguments: S3Checksum.allCases)
    func `a checksum in pieces is that of the whole`(checksum: S3Checksum) {
        let bytes = TestBody.bytes(1000)
        for size in [1, 3, 8, 13, 999] {
            var digest = S3Checksum.Digest(checksum)
            for start in stride(from: 0, to: bytes.count, by: size) {
                Array(bytes[start...].prefix(size)).withUnsafeBytes { digest.update($0) }
            }
            let whole = checksum.value(of: ByteBuffer(bytes: bytes))
            #expect(digest.value().payloadHash == whole.payloadHash)
            #expect(digest.value().headers.map(\.value) == whole.headers.map(\.value))
        }
    }

    @Test func moments() {
        #expect(Timestamp(s3: "2009-10-12T17:50:30.000Z")?.microseconds == 1_255_369_830_000_000)
        #expect(Timestamp(s3: "2009-10-12T17:50:30.999999Z")?.microseconds == 1_255_369_830_000_000)
        #expect(Timestamp(s3: "2009-10-12T17:50:30Z")?.microseconds == 1_255_369_830_000_000)
        for text in ["", "Z", "2009-10-12", "2009-10-12T17:50Z", "2009-10-12T17:50:30+01:00", "a-b-cTd:e:fZ"] {
            #expect(Timestamp(s3: text) == nil, "\(text)")
        }
    }

    @Test func `delays grow, and end`() {
        let retry = S3Retry(firstDelay: .milliseconds(100), longestDelay: .seconds(1))
        let longest = [1, 2, 3, 4, 5, 60].map { retry.delay(after: $0, asked: nil, chance: 1) }
        #expect(longest == [100, 200, 400, 800, 1000, 1000].map { .milliseconds($0) })
        #expect(retry.delay(after: 3, asked: nil, chance: 0) == .milliseconds(200))
        #expect(retry.delay(after: 1, asked: 7, chance: 0) == .seconds(7))
        #expect(retry.delay(after: 1, asked: 1_000_000, chance: 0) == .seconds(30))
    }

    /// 10,000 parts are what AWS allows, 1000 what OpenStack Swift does as it comes; AWS takes parts from 5 MiB to 5 GiB.
    @Test func `parts are as large as the largest files need`() {
        let cut = S3Upload.Cut()
        func total(_ parts: Int, _ limit: Int64) -> Int {
            (1...parts).reduce(0) { $0 + cut.size(ofPart: $1, limit: limit) }
        }
        #expect(cut.size(ofPart: 1, limit: 0) == 8 << 20)
        #expect(cut.size(ofPart: 1, limit: 10 << 30) == 11 << 20)
        #expect(cut.size(ofPart: 1, limit: .max) == 32 << 20)
        #expect(cut.size(ofPart: 9000, limit: .max) == 32 << 20)
        #expect(cut.size(ofPart: 9001, limit: .max) == 64 << 20)
        for limit: Int64 in [1 << 20, 10 << 30, 31 << 30] { #expect(total(1000, limit) >= Int(limit)) }
        #expect(total(10_000, .max) > 600 << 30)
        #expect((1...10_000).allSatisfy { (5 << 20...5 << 30).contains(cut.size(ofPart: $0, limit: .max)) })
    }
}
