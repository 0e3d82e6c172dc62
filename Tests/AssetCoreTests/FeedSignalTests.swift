import AssetTesting
import Testing

@testable import AssetCore

struct FeedSignalTests {
    private let signal = FeedSignal()
    private let one = ProjectID(rawValue: 1)
    private let two = ProjectID(rawValue: 2)

    private func touched(
        _ projects: Set<ProjectID> = [], isGlobal: Bool = false, isAccess: Bool = false
    ) -> Touched {
        var touched = Touched()
        touched.projects = projects
        touched.isGlobal = isGlobal
        touched.isAccess = isAccess
        return touched
    }

    @Test func `a commit between the look and the wait ends the wait`() async {
        let seen = signal.generation(of: one)
        signal.changed(touched([one]))
        await signal.wait(for: one, after: seen)
        #expect(signal.generation(of: one) != seen)
    }

    @Test(arguments: ["project", "global", "access"])
    func `whoever waits is woken by what concerns them`(kind: String) async {
        let seen = signal.generation(of: one)
        let waiting = Task { await signal.wait(for: one, after: seen) }
        while signal.waitedFor().projects != [one] { await Task.yield() }
        signal.changed(touched([two]))
        #expect(signal.waitedFor().isAny)
        signal.changed(touched(kind == "project" ? [one] : [], isGlobal: kind == "global", isAccess: kind == "access"))
        await waiting.value
        #expect(!signal.waitedFor().isAny)
    }

    @Test func `a cancelled wait ends, also when it was cancelled before it began`() async {
        let seen = signal.generation(of: nil)
        for waits in [true, false] {
            let task = Task { await signal.wait(for: nil, after: seen) }
            while waits, !signal.waitedFor().isAny { await Task.yield() }
            task.cancel()
            await task.value
            #expect(!signal.waitedFor().isAny)
        }
    }

    @Test func `after it is closed nobody waits`() async {
        let seen = signal.generation(of: nil)
        let task = Task { await signal.wait(for: nil, after: seen) }
        while !signal.waitedFor().isAny { await Task.yield() }
        signal.close()
        await task.value
        await signal.wait(for: one, after: signal.generation(of: one))
    }
}
