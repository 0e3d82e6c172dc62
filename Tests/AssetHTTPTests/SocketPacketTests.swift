import AssetCore
import Testing

@testable import AssetHTTP

struct SocketPacketTests {
    @Test func `packets with and without namespace, number and data`() throws {
        for (text, kind, namespace, id, data) in [
            ("0", SocketPacket.Kind.connect, "/", Int64?.none, JSON.null),
            ("0{\"JWT\":\"x\"}", .connect, "/", nil, ["JWT": "x"]),
            ("0/admin,{}", .connect, "/admin", nil, .emptyObject),
            ("0/admin", .connect, "/admin", nil, .null),
            ("0/admin?a=b,{}", .connect, "/admin", nil, .emptyObject),
            ("1", .disconnect, "/", nil, .null),
            ("2[\"init\",{\"cursor\":5}]", .event, "/", nil, ["init", ["cursor": 5]]),
            ("213[\"a\"]", .event, "/", 13, ["a"]),
            ("2/n,7[\"a\"]", .event, "/n", 7, ["a"]),
            ("39[]", .ack, "/", 9, []),
        ] {
            let packet = try #require(SocketPacket(parsing: text), "\(text)")
            #expect(packet.kind == kind, "\(text)")
            #expect(packet.namespace == namespace, "\(text)")
            #expect(packet.id == id, "\(text)")
            #expect(packet.data == data, "\(text)")
        }
    }

    @Test(arguments: ["", "x", "5", "51-[]", "2[", "2{", "299999999999999999999[]", "2[\"a\"]x", "4", "é"])
    func `what is no packet, or one with attachments`(text: String) {
        #expect(SocketPacket(parsing: text) == nil)
    }
}
