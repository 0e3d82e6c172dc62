import AssetCore
import Testing

struct PasswordsTests {
    @Test func `only the password itself is accepted`() async throws {
        let stored = try await Passwords.hash("correct horse")
        #expect(stored.hasPrefix("scrypt$15$8$3$"))
        #expect(!stored.contains("correct"))
        #expect(try await Passwords.verify("correct horse", against: stored))
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            #expect(try await !Passwords.verify(wrong, against: stored))
        }
    }

    @Test func `the same password is stored in different forms`() async throws {
        let first = try await Passwords.hash("password")
        let second = try await Passwords.hash("password")
        #expect(first != second)
    }

    @Test(arguments: [nil, "", "x", "scrypt$15$8$3$$", "scrypt$15$8$3$!!$!!", "plain$15$8$3$AAAA$AAAA", "scrypt$x$8$3$AAAA$AAAA"])
    func `a stored form that cannot be read accepts nothing`(stored: String?) async throws {
        #expect(try await !Passwords.verify("", against: stored))
    }
}
