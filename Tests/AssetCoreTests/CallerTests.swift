import AssetTesting
import Testing

@testable import AssetCore

struct CallerTests {
    @Test(
        arguments: [
            (.owner, [.read, .write, .delete, .purge, .administer]), (.member, [.read, .write, .delete, .purge]),
            (.api, [.read, .write, .delete, .purge]), (.contributor, [.read, .write]), (.viewer, [.read]),
        ] as [(Member.Role, Rights)])
    func `what each role may do`(role: Member.Role, rights: Rights) {
        #expect(role.rights == rights)
    }

    @Test func `all rights that are asked for are needed`() async throws {
        let test = try await TestService.make()
        let caller = try await test.member(.contributor, named: "contributor")
        try caller.require([])
        try caller.require([.read, .write])
        for needed in [.delete, [.read, .delete], [.write, .purge], .administer] as [Rights] {
            let error = #expect(throws: AssetError.self) { try caller.require(needed) }
            #expect(error?.code == .forbidden)
        }
    }

    @Test func `segments within reach`() {
        #expect(SegmentAccess.project.includes(segment: 5, of: 1))
        let whole = SegmentAccess.document(1, ranges: nil)
        #expect(whole.includes(segment: 5, of: 1))
        #expect(!whole.includes(segment: 5, of: 2))
        let part = SegmentAccess.document(1, ranges: [3...4, 6...6])
        #expect([2, 3, 4, 5, 6, 7].filter { part.includes(segment: $0, of: 1) } == [3, 4, 6])
        #expect(!part.includes(segment: 3, of: 2))
        #expect(!SegmentAccess.document(1, ranges: []).includes(segment: 3, of: 1))
    }

    @Test func `who a caller is`() async throws {
        let test = try await TestService.make()
        let service = test.service
        let project = test.demo.project.gid
        let owner = try await test.owner()
        #expect(owner.rights == Member.Role.owner.rights)
        #expect(try await service.logIn(username: "demo", password: test.demo.password).gid == owner.user.gid)
        await expectError(.unknownUser) { try await service.logIn(username: "demo", password: "wrong password") }
        await expectError(.unknownUser) { try await service.logIn(username: "absent", password: test.demo.password) }
        #expect(try await service.authenticate(apiKey: test.demo.apiKey, project: project).user.level == .api)
        // A manager's key is none of the project dialect; a project that does not exist is told by nothing.
        await expectError(.unknownUser) { try await service.authenticate(apiKey: test.demo.key, project: project) }
        await expectError(.unknownUser) { try await service.authenticate(apiKey: test.demo.apiKey, project: GID()) }
        await expectError(.unauthenticated) { try await service.caller(GID(), in: project) }
        await expectError(.forbidden) { try await service.caller(owner.user.gid, in: GID()) }
        let leaver = try await test.member(.member, named: "leaver")
        _ = try await service.caller(leaver.user.gid, in: project)
        try await service.removeMember("leaver", from: .gid(project))
        await expectError(.forbidden) { try await service.caller(leaver.user.gid, in: project) }
    }

    @Test func `only the owner makes and sees API keys`() async throws {
        let test = try await TestService.make()
        let owner = try await test.owner()
        let member = try await test.member(.member, named: "member")
        await expectError(.forbidden) { try await test.service.createAPIKey(member, name: "x") }
        let made = try await test.service.createAPIKey(owner, name: "x")
        await expectError(.forbidden) { try await test.service.apiKey(member, of: made.user.gid) }
        let key = try await test.service.apiKey(owner, of: made.user.gid)
        #expect(
            try await test.service.authenticate(apiKey: key, project: test.demo.project.gid).user.gid == made.user.gid)
        await expectError(.unprocessable) { try await test.service.apiKey(owner, of: member.user.gid) }
        await expectError(.unprocessable) { try await test.service.apiKey(owner, of: GID()) }
    }
}
