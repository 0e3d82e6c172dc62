import AssetTesting
import NIOCore
import Testing

@testable import AssetCore

/// Project reference 3 and 4.3: projects come and go, and so do their members.
struct ProjectsTests {
    private static func user(_ test: TestService, _ username: String, email: String? = nil) async throws -> User {
        let (code, now) = (test.demo.account, test.service.clock.now())
        return try await test.service.catalog.write { tx in
            try tx.insertUser(
                UserDraft(
                    account: try #require(try tx.account(code: code)), level: .manager, username: username,
                    email: email,
                    name: username, passwordHash: nil), now: now)
        }
    }

    private static func lines(_ test: TestService, _ user: User, after cursor: Int64) async throws -> [String] {
        try await test.service.catalog.read { tx in
            try tx.globalChanges(for: user.id, after: cursor, limit: 1000).map {
                "\($0.action.wireName) \($0.dataType.rawValue) \($0.key)"
            }
        }
    }

    @Test func `a project is made, put away, brought back and removed with its bytes`() async throws {
        let test = try await TestService.make()
        let service = test.service
        let owner = try await Self.user(test, "owner")
        let member = try await Self.user(test, "member")
        let project = try await service.createProject(owner, name: nil, timezone: nil)
        #expect((project.name, project.timezone) == ("untitled project", "Europe/Amsterdam"))
        #expect(project.languages == ["en", "nl"])
        try await service.catalog.write {
            try $0.setMember(member.id, of: project.id, role: .member, status: .active)
        }
        let caller = try await service.caller(owner.gid, in: project.gid)
        let folder = try await test.folder(caller, "folder")
        _ = try await test.file(caller, "file.txt", in: folder.gid, "only here")
        _ = try await service.createBackup(caller, createdBy: "x", name: nil)
        let demo = try await test.caller()
        let kept = try await test.file(demo, "kept.txt", in: nil, "elsewhere")
        await expectError(.forbidden) { try await service.deleteProject(member, project.gid) }
        await expectError(.unprocessable) { try await service.undeleteProject(owner, project.gid) }
        await expectError(.unprocessable) { try await service.permanentDeleteProject(owner, project.gid) }

        #expect(try await !service.deleteProject(owner, project.gid).isActive)
        await expectError(.forbidden) { try await service.caller(owner.gid, in: project.gid) }
        #expect(try await !service.anyProject(member, project.gid).project.isActive)
        await expectError(.unprocessable) { try await service.deleteProject(owner, project.gid) }
        #expect(try await service.undeleteProject(owner, project.gid).isActive)
        _ = try await service.caller(owner.gid, in: project.gid)
        _ = try await service.deleteProject(owner, project.gid)

        let start = try await service.cursors(of: nil).global
        try await service.permanentDeleteProject(owner, project.gid)
        await expectError(.forbidden) { try await service.anyProject(owner, project.gid) }
        #expect(try await service.overview(of: owner).projects.isEmpty)
        try await test.runJobs()
        for user in [owner, member] {
            #expect(try await Self.lines(test, user, after: start) == ["DELETE cc.projects \(project.gid)"])
        }
        #expect(try await service.catalog.read { try $0.project(project.id) } == nil)
        for _ in 0..<3 {
            test.clock.advance(seconds: service.settings.gracePeriod + 1)
            try await test.sweeper().sweep()
        }
        let blob = try #require(kept.content).blob
        let location = try #require(try await service.catalog.read { try $0.blob(blob) }).location
        #expect(test.blobs.locations == [location])
    }

    @Test func `settings of a project and of oneself`() async throws {
        let test = try await TestService.make()
        let service = test.service
        let owner = try await Self.user(test, "owner")
        _ = try await Self.user(test, "taken")
        let project = try await service.createProject(owner, name: "P", timezone: "UTC")
        let caller = try await service.caller(owner.gid, in: project.gid)
        let changed = try await service.updateProject(caller, name: "Q", timezone: nil)
        #expect((changed.name, changed.timezone) == ("Q", "UTC"))
        await expectError(.badParameter) { try await service.updateProject(caller, name: "", timezone: nil) }
        await expectError(.badParameter) { try await service.updateProject(caller, name: nil, timezone: "x y") }
        let worker = try #require(try await service.catalog.read { try $0.user(username: "worker") })
        await expectError(.forbidden) { try await service.createProject(worker, name: nil, timezone: nil) }
        let key = try await test.caller().user
        await expectError(.forbidden) { try await service.createProject(key, name: nil, timezone: nil) }

        var edit = AssetService.ProfileEdit()
        edit.username = "taken"
        let taken = await expectError(.validation) { [edit] in try await service.updateProfile(owner, edit) }
        #expect(taken?.parameter == "username")
        edit.username = "renamed"
        edit.password = "1234567"
        let weak = await expectError(.validation) { [edit] in try await service.updateProfile(owner, edit) }
        #expect(weak?.parameter == "password")
        #expect(try await service.catalog.read { try $0.user(owner.id) }?.username == "owner")
        edit.password = "12345678"
        edit.name = "New"
        let user = try await service.updateProfile(owner, edit)
        #expect((user.username, user.name) == ("renamed", "New"))
        #expect(try await service.logIn(username: "renamed", password: "12345678").gid == owner.gid)
        await expectError(.forbidden) { [edit] in try await service.updateProfile(key, edit) }
    }

    @Test func `pictures are public, and only pictures`() async throws {
        let test = try await TestService.make()
        let service = test.service
        let owner = try await Self.user(test, "owner")
        let project = try await service.createProject(owner, name: nil, timezone: nil)
        let caller = try await service.caller(owner.gid, in: project.gid)
        func ingest(_ bytes: [UInt8]) async throws -> IngestedFile {
            try await service.ingest(OneBuffer(ByteBuffer(bytes: bytes)), named: AssetName("picture.png"))
        }
        let png: [UInt8] =
            [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13] + Array("IHDR".utf8)
            + [0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0]
        let text = try await service.ingest(OneBuffer(ByteBuffer(string: "<svg/>")), named: AssetName("a.svg"))
        await expectError(.unprocessable) { try await service.setIcon(caller, text) }
        #expect(test.blobs.locations.isEmpty, "refused bytes do not stay")
        let iconFile = try await ingest(png)
        #expect(try await service.setIcon(caller, iconFile).icon == "\(project.gid).png")
        #expect(try await service.picture(.icons, named: "\(project.gid).png").size == Int64(png.count))
        await expectError(.fileNotFound) { try await service.picture(.avatars, named: "\(project.gid).png") }
        let avatar = try await ingest(png)
        #expect(try await service.setAvatar(owner, avatar).avatar == "\(owner.gid).png")
        #expect(try await service.deleteAvatar(owner).avatar == nil)
        await expectError(.fileNotFound) { try await service.picture(.avatars, named: "\(owner.gid).png") }
        // The icon has the same bytes: they stay.
        for _ in 0..<3 {
            test.clock.advance(seconds: service.settings.gracePeriod + 1)
            try await test.sweeper().sweep()
        }
        _ = try await service.picture(.icons, named: "\(project.gid).png")
        let contributor = try await test.member(.contributor, named: "contributor")
        let refused = try await ingest(png)
        await expectError(.forbidden) { try await service.setIcon(contributor, refused) }
    }

    @Test func `invitations are sent, answered, and end`() async throws {
        let test = try await TestService.make()
        let service = test.service
        let owner = try await Self.user(test, "owner")
        let guest = try await Self.user(test, "guest", email: "Guest@Example.org")
        let other = try await Self.user(test, "other")
        let project = try await service.createProject(owner, name: nil, timezone: nil)
        let caller = try await service.caller(owner.gid, in: project.gid)
        let key = "\(project.gid)/\(guest.gid)"
        await expectError(.unprocessable) { try await service.invite(caller, "nobody") }
        await expectError(.unprocessable) { try await service.invite(caller, "worker") }
        await expectError(.unprocessable) { try await service.invite(caller, "owner") }
        await expectError(.unprocessable) { try await service.acceptInvite(guest, project.gid) }

        let start = try await service.cursors(of: nil).global
        #expect(try await service.invite(caller, "guest@example.ORG").status == .invited)
        #expect(try await service.invite(caller, "guest").status == .invited)
        #expect(try await Self.lines(test, guest, after: start) == ["INSERT cc.projects_members \(key)"])
        #expect(try await Self.lines(test, owner, after: start) == ["INSERT cc.projects_members \(key)"])
        #expect(try await Self.lines(test, other, after: start) == [])
        // An invitation opens nothing.
        await expectError(.forbidden) { try await service.caller(guest.gid, in: project.gid) }
        await expectError(.forbidden) { try await service.anyProject(guest, project.gid) }
        #expect(try await service.overview(of: guest).memberships.map(\.status) == [.invited])
        #expect(try await service.resendInvite(caller, guest.gid).status == .invited)
        #expect(try await service.acceptInvite(guest, project.gid).member.status == .active)
        let member = try await service.caller(guest.gid, in: project.gid)
        await expectError(.forbidden) { try await service.invite(member, "other") }
        await expectError(.forbidden) { try await service.removeMember(member, owner.gid) }
        await expectError(.unprocessable) { try await service.resendInvite(caller, guest.gid) }
        await expectError(.unprocessable) { try await service.removeMember(caller, owner.gid) }
        await expectError(.unprocessable) { try await service.leaveProject(owner, project.gid) }

        let before = try await service.cursors(of: nil).global
        try await service.leaveProject(guest, project.gid)
        #expect(try await Self.lines(test, guest, after: before) == ["DELETE cc.projects_members \(key)"])
        #expect(try await Self.lines(test, owner, after: before) == ["DELETE cc.projects_members \(key)"])
        await expectError(.forbidden) { try await service.caller(guest.gid, in: project.gid) }

        _ = try await service.invite(caller, "other")
        try await service.declineInvite(other, project.gid)
        await expectError(.inviteInvalid) { try await service.invite(caller, "other") }
        await expectError(.inviteInvalid) { try await service.resendInvite(caller, other.gid) }
        await expectError(.unprocessable) { try await service.acceptInvite(other, project.gid) }
        // The owner can forget it, and begin anew.
        try await service.removeMember(caller, other.gid)
        _ = try await service.invite(caller, "other")
        try await service.acceptInvite(of: "other", to: .gid(project.gid))
        _ = try await service.caller(other.gid, in: project.gid)
    }
}
