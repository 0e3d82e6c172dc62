import AssetTesting
import Testing

@testable import AssetCore

/// Who reaches which segments (segment reference 3.2, 3.5, 7.2).
struct SegmentAccessTests {
    private static func user(_ test: TestService, _ name: String) async throws -> User {
        try #require(try await test.service.catalog.read { try $0.user(username: name) })
    }

    private static func scope(_ text: String) throws -> SegmentScope { try SegmentScope(parsing: text) }

    @Test func `a manager reaches the whole project, a job only what it covers`() async throws {
        let test = try await TestService.make()
        let manager = try await Self.user(test, "demo")
        let project = try await test.service.caller(manager, scope: Self.scope("PR7214"))
        #expect(project.segments == .project)
        #expect(project.rights == Member.Role.owner.rights)
        _ = try await test.service.files(project, ofSegment: 27_665_601)
        _ = try await test.service.files(project, ofSegment: 27_667_801)
        let job = try await test.service.caller(manager, scope: Self.scope("jbs773"))
        _ = try await test.service.files(job, ofSegment: 27_665_700)
        await expectError(.badParameter) { try await test.service.files(job, ofSegment: 27_667_801) }
    }

    @Test func `a worker reaches only jobs that are assigned`() async throws {
        let test = try await TestService.make()
        let worker = try await Self.user(test, "worker")
        await expectError(.forbidden) { try await test.service.caller(worker, scope: Self.scope("pr7214")) }
        let job = try await test.service.caller(worker, scope: Self.scope("JBS773"))
        #expect(job.rights.isSuperset(of: [.read, .write, .delete, .purge]))
        #expect(!job.rights.contains(.administer))
        _ = try await test.service.files(job, ofSegment: 27_665_601)
        await expectError(.badParameter) { try await test.service.files(job, ofSegment: 27_667_801) }
        try await test.service.addJobScope(
            JobNumber(kind: .codyt, number: 773), project: .number(7214), document: 19914, ranges: nil, assignee: "demo"
        )
        await expectError(.forbidden) { try await test.service.caller(worker, scope: Self.scope("jbc773")) }
        // A worker is no member, and a membership would not count.
        await expectError(.unprocessable) {
            try await test.service.addMember("worker", to: .number(7214), role: .member)
        }
        let project = test.demo.project.id
        try await test.service.catalog.write {
            try $0.setMember(worker.id, of: project, role: .member, status: .active)
        }
        await expectError(.forbidden) { try await test.service.caller(worker, scope: Self.scope("pr7214")) }
    }

    @Test func `a job with ranges ends at their borders`() async throws {
        let test = try await TestService.make()
        let worker = try await Self.user(test, "worker")
        try await test.service.addJobScope(
            JobNumber(kind: .standard, number: 774), project: .number(7214), document: 19641,
            ranges: [27_665_610...27_665_612, 27_665_620...27_665_620], assignee: "worker")
        let job = try await test.service.caller(worker, scope: Self.scope("jbs774"))
        for segment in [27_665_610, 27_665_611, 27_665_612, 27_665_620] as [Int64] {
            _ = try await test.service.files(job, ofSegment: segment)
        }
        for segment in [27_665_609, 27_665_613, 27_665_619, 27_665_621] as [Int64] {
            await expectError(.badParameter) { try await test.service.files(job, ofSegment: segment) }
        }
        // A list of many leaves out what is not within reach.
        let set = SegmentSet(test: test, caller: try await test.owner())
        for segment in [27_665_610, 27_665_613] as [Int64] { try await set.attach("a.txt", segment: segment) }
        let files = try await test.service.files(job, ofSegments: [27_665_613, 27_665_610])
        #expect(files.map(\.segment) == [27_665_610])
    }

    @Test func `what does not exist, or belongs to another account, is a bad scope`() async throws {
        let test = try await TestService.make()
        let now = test.clock.clock.now()
        let stranger = try await test.service.catalog.write { tx in
            let account = try tx.insertAccount(code: "other", now: now)
            return try tx.insertUser(
                UserDraft(
                    account: account, level: .manager, username: "stranger", email: nil, name: "", passwordHash: nil),
                now: now)
        }
        let manager = try await Self.user(test, "demo")
        for (user, text) in [
            (manager, "pr1"), (manager, "jbs1"), (manager, "jbc773"), (stranger, "pr7214"), (stranger, "jbs773"),
        ] {
            let error = await expectError(.badParameter) {
                try await test.service.caller(user, scope: Self.scope(text))
            }
            #expect(error?.parameter == "scope")
        }
        let error = await expectError(.badParameter) { try await test.service.caller(stranger, flexDocument: "19914") }
        #expect(error?.parameter == "id")
    }

    @Test func `a manager without a membership has no access`() async throws {
        let test = try await TestService.make()
        let now = test.clock.clock.now()
        let colleague = try await test.service.catalog.write { tx in
            let account = try #require(try tx.account(code: "demo"))
            return try tx.insertUser(
                UserDraft(
                    account: account, level: .manager, username: "colleague", email: nil, name: "", passwordHash: nil),
                now: now)
        }
        for text in ["pr7214", "jbs773"] {
            await expectError(.forbidden) { try await test.service.caller(colleague, scope: Self.scope(text)) }
        }
        await expectError(.forbidden) { try await test.service.caller(colleague, flexDocument: "19914") }
        try await test.service.addMember("colleague", to: .number(7214), role: .viewer)
        let caller = try await test.service.caller(colleague, scope: Self.scope("pr7214"))
        #expect(caller.rights == .read)
    }

    @Test func `an API user reaches its own project`() async throws {
        let test = try await TestService.make()
        let user = try await test.caller().user
        #expect(user.level == .api)
        _ = try await test.service.files(
            test.service.caller(user, scope: Self.scope("pr7214")), ofSegment: 27_665_601)
        _ = try await test.service.createProject(
            account: "demo", owner: "demo", name: "Other", number: 1, languages: ["en"])
        await expectError(.forbidden) { try await test.service.caller(user, scope: Self.scope("pr1")) }
    }

    @Test func `a Flex document goes by its number or by a job on it`() async throws {
        let test = try await TestService.make()
        let manager = try await Self.user(test, "demo")
        let worker = try await Self.user(test, "worker")
        let (caller, document) = try await test.service.caller(manager, flexDocument: "19914")
        #expect(document.number == 19914)
        _ = try await test.service.files(caller, ofSegment: 27_667_801)
        await expectError(.badParameter) { try await test.service.files(caller, ofSegment: 27_665_601) }
        for id in ["19641", "s773", "1", "c1", "", "x", "-19914", "19914 "] {
            let error = await expectError(.badParameter) { try await test.service.caller(manager, flexDocument: id) }
            #expect(error?.parameter == "id")
        }
        await expectError(.forbidden) { try await test.service.caller(worker, flexDocument: "19914") }

        try await test.service.addJobScope(
            JobNumber(kind: .codyt, number: 300), project: .number(7214), document: 19914,
            ranges: [27_667_801...27_667_802], assignee: "worker")
        try await test.service.addJobScope(
            JobNumber(kind: .codyt, number: 301), project: .number(7214), document: 19914,
            ranges: [27_667_810...27_667_810], assignee: "worker")
        let byJob = try await test.service.caller(worker, flexDocument: "C300").caller
        _ = try await test.service.files(byJob, ofSegment: 27_667_802)
        await expectError(.badParameter) { try await test.service.files(byJob, ofSegment: 27_667_810) }
        // By the document's number: all that is assigned on it.
        let byNumber = try await test.service.caller(worker, flexDocument: "19914").caller
        for segment in [27_667_801, 27_667_802, 27_667_810] as [Int64] {
            _ = try await test.service.files(byNumber, ofSegment: segment)
        }
        await expectError(.badParameter) { try await test.service.files(byNumber, ofSegment: 27_667_803) }
    }

    @Test func `scopes and job numbers are read in any letter case, and nothing else is accepted`() throws {
        #expect(try SegmentScope(parsing: "pr7214") == .project(7214))
        #expect(try SegmentScope(parsing: "JbS773") == .job(JobNumber(kind: .standard, number: 773)))
        #expect(try SegmentScope(parsing: "jbc2002").description == "jbc2002")
        for text in [
            "", "pr", "pr-1", "pr 1", "pr1x", "jb773", "jbx1", "s773", "7214", "pr99999999999999999999", "pr١",
        ] {
            let error = #expect(throws: AssetError.self, "\(text)") { try SegmentScope(parsing: text) }
            #expect(error?.parameter == "scope")
        }
    }
}
