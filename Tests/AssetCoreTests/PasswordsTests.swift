import AssetCore
import Testing

/// With few rounds: each check of the standard strength takes a large part of a second.
struct PasswordsTests {
    private static let rounds = 4

    @Test func `only the password itself is accepted`() async throws {
        let stored = try await Passwords.hash("correct horse", logRounds: Self.rounds)
        #expect(stored.hasPrefix("scrypt$4$8$3$"))
        #expect(Passwords.standardLogRounds == 15)
        #expect(!stored.contains("correct"))
        #expect(try await Passwords.verify("correct horse", against: stored))
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            #expect(try await !Passwords.verify(wrong, against: stored))
        }
    }

    @Test func `the same password is stored in different forms`() async throws {
        let first = try await Passwords.hash("password", logRounds: Self.rounds)
        let second = try await Passwords.hash("password", logRounds: Self.rounds)
        #expect(first != second)
    }

    @Test(arguments: [
        nil, "", "x", "scrypt$4$8$3$$", "scrypt$4$8$3$!!$!!", "plain$4$8$3$AAAA$AAAA", "scrypt$x$8$3$AAAA$AAAA",
    ])
    func `a stored form that cannot be read accepts nothing`(stored: String?) async throws {
        #expect(try await !Passwords.verify("", against: stored, logRounds: Self.rounds))
    }

    @Test func `the strength that a stored form names is the one that counts`() async throws {
        let stored = try await Passwords.hash("password", logRounds: 5)
        #expect(try await Passwords.verify("password", against: stored, logRounds: Self.rounds))
    }

    @Test func `a password of more than 1024 bytes is refused`() async throws {
        let most = String(repeating: "x", count: Passwords.maximumBytes)
        _ = try await Passwords.hash(most, logRounds: Self.rounds)
        await expectError(.badParameter) { try await Passwords.hash(most + "x", logRounds: Self.rounds) }
    }
}
