import AssetCore
import AssetTesting
import Testing

struct SecretsTests {
    private static func secrets(_ byte: UInt8 = 7) throws -> Secrets {
        try Secrets(key: [UInt8](repeating: byte, count: 32))
    }

    @Test func `what is sealed is opened with the same key only`() throws {
        let sealed = try Self.secrets().seal("secret é")
        #expect(try Self.secrets().unseal(sealed) == "secret é")
        #expect(try Self.secrets().seal("secret é") != sealed)
        #expect(!String(decoding: sealed, as: UTF8.self).contains("secret"))
        for wrong in [
            [], [UInt8](repeating: 0, count: 40), Array(sealed.dropLast()), sealed.dropLast() + [sealed.last! ^ 1],
        ] {
            let error = #expect(throws: AssetError.self) { try Self.secrets().unseal(wrong) }
            #expect(error?.code == .internalError)
        }
        #expect(throws: AssetError.self) { try Self.secrets(8).unseal(sealed) }
    }

    @Test(arguments: [0, 16, 31, 33])
    func `a key of another length is refused`(count: Int) {
        #expect(throws: AssetError.self) { try Secrets(key: [UInt8](repeating: 1, count: count)) }
    }

    @Test func `keys are 256 random bits in hexadecimal`() {
        let keys = (0..<100).map { _ in Secrets.randomKey() }
        #expect(Set(keys).count == 100)
        #expect(keys.allSatisfy { $0.utf8.count == 64 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
        #expect(Secrets.hex([0, 1, 0xab, 0xff]) == "0001abff")
        #expect(Secrets.hex(Secrets.hash("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `nothing secret is printed`() async throws {
        let secrets = try Self.secrets()
        #expect("\(secrets)" == "<redacted>")
        var dumped = ""
        dump(secrets, to: &dumped)
        for text in [String(describing: secrets), String(reflecting: secrets), "\([secrets])", dumped] {
            #expect(!text.contains("07070707"))
            #expect(!text.contains("7, 7"))
        }
        let test = try await TestService.make()
        let signing = try #require(try await test.service.signingSecrets().first)
        for text in [
            String(describing: signing), String(reflecting: signing), "\([signing])", "\(Optional(signing) as Any)",
        ] {
            #expect(!text.contains(signing.secret))
        }
    }

    @Test func `signing keys rotate, and old ones verify for a while`() async throws {
        let test = try await TestService.make()
        let day = 24.0 * 3600
        let first = try #require(try await test.service.signingSecrets().first)
        test.clock.advance(seconds: 30 * day)
        #expect(try await test.service.signingSecrets().map(\.id) == [first.id])
        test.clock.advance(seconds: 1)
        let two = try await test.service.signingSecrets()
        #expect(two.count == 2)
        #expect(two[0].id != first.id)
        #expect(two[1].secret == first.secret)
        test.clock.advance(seconds: 31 * day)
        let three = try await test.service.signingSecrets()
        #expect(three.count == 2)
        #expect(!three.map(\.id).contains(first.id))
    }
}
