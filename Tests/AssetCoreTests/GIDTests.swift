import AssetCore
import Testing

struct GIDTests {
    @Test func `new ones are different, of version 4, and survive printing and storing`() {
        let gids = (0..<1000).map { _ in GID() }
        #expect(Set(gids).count == 1000)
        for gid in gids {
            let text = gid.description
            #expect(text.utf8.count == 36)
            #expect(text == text.lowercased())
            #expect(Array(text)[14] == "4")
            #expect("89ab".contains(Array(text)[19]))
            #expect(GID(text) == gid)
            #expect(GID(text.uppercased()) == gid)
            #expect(GID(bytes: gid.bytes) == gid)
        }
    }

    @Test func `those with a time stand in its order, are of version 4, and differ when made at once`() throws {
        let moments = [0, 1, 1_000_000, 1_700_000_000_000].map { Timestamp(microseconds: $0 * 1000 + 7) }
        let gids = moments.map { GID(madeOn: $0) }
        #expect(gids.map(\.description) == gids.map(\.description).sorted())
        #expect(gids.last?.description.hasPrefix("018bcfe5-6800-4") == true)
        // Before 1970 the order is another one, no more.
        for gid in gids + [GID(madeOn: Timestamp(microseconds: -5000))] { #expect(GID(gid.description) == gid) }
        #expect(Set((0..<1000).map { _ in GID(madeOn: moments[0]) }).count == 1000)
    }

    @Test func `bytes stand in the order in which they are printed`() throws {
        let gid = try #require(GID("00112233-4455-4677-8899-aabbccddeeff"))
        #expect(
            gid.bytes == [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x46, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff])
        #expect(gid.description == "00112233-4455-4677-8899-aabbccddeeff")
    }

    @Test(arguments: [
        "", "x", "00112233-4455-1677-8899-aabbccddeeff", "00112233-4455-4677-c899-aabbccddeeff",
        "00112233-4455-4677-7899-aabbccddeeff", "001122334455467788 99aabbccddeeff",
        "0011223344554677889aabbccddeeff00",
        "00112233-4455-4677-8899-aabbccddeef", "00112233-4455-4677-8899-aabbccddeeff0",
        "{0112233-4455-4677-8899-aabbccddeeff}",
        "00112233-4455-4677-8899-aabbccddeefg", "00112233-4455-4677-8899-aabbccddeé",
        "0011-2233-4455-4677-8899aabbccddeeff",
        " 00112233-4455-4677-8899-aabbccddeeff", "00000000-0000-0000-0000-000000000000",
    ])
    func `what is no gid`(text: String) {
        #expect(GID(text) == nil)
    }

    @Test func `stored bytes must be sixteen`() {
        #expect(GID(bytes: []) == nil)
        #expect(GID(bytes: [UInt8](repeating: 1, count: 15)) == nil)
        #expect(GID(bytes: [UInt8](repeating: 1, count: 17)) == nil)
    }
}
