import ArgumentParser
import AssetCore

struct Demo: StorageCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a demonstration set, and prints calls that can be pasted.",
        discussion: "Safe to run again: it completes what is there, and shows the same keys.")
    @OptionGroup var storage: StorageOptions

    func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
        let demo = try await service.demo()
        let json: JSON = [
            "account": .string(demo.account), "user": .string(demo.user), "password": .string(demo.password),
            "key": .string(demo.key),
            "worker": ["user": .string(demo.worker.user), "key": .string(demo.worker.key)],
            "project": [
                "gid": JSON(demo.project.gid), "number": .int(demo.project.number), "apiKey": .string(demo.apiKey),
            ],
        ]
        return (
            json, Self.text(demo, url: configuration.publicURL ?? "http://\(configuration.host):\(configuration.port)")
        )
    }

    private static func text(_ demo: DemoSet, url: String) -> String {
        """
        Account '\(demo.account)', project \(demo.project.number) (\(demo.project.gid))
        manager '\(demo.user)', password '\(demo.password)', key \(demo.key)
        worker '\(demo.worker.user)', key \(demo.worker.key)
        API key of the project: \(demo.apiKey)

        Paste these into another shell while the server runs.

        # Log in to the segment dialect, and attach a file to a segment
        URL=\(url)
        TOKEN=$(curl -s $URL/api/auth/token -H 'Content-Type: application/json' -d '{"accountid":"\(demo.account)","key":"\(demo.key)"}' | tr -d '"')
        segment() { curl -sS -H "X-Auth-Token: $TOKEN" -H 'X-Auth-AccountId: \(demo.account)' "$@"; }
        echo 'Hello from Stockroom' > hello.txt
        FILE=$(segment -F file=@hello.txt $URL/api/media/upload | sed 's/.*"token":"\\([0-9a-f]*\\)".*/\\1/')
        segment "$URL/api/resources/assets/27665601?scope=pr\(demo.project.number)" -H 'Content-Type: application/json' -d '{"filetoken":"'$FILE'","locale":"en"}'; echo

        # List a segment's files, download one, delete one, delete all
        segment "$URL/api/resources/assets/27665601/list?scope=pr\(demo.project.number)"; echo
        segment "$URL/api/resources/assets/27665601?scope=pr\(demo.project.number)&locale=en&filename=hello.txt"
        segment -X DELETE "$URL/api/resources/assets/27665601?scope=pr\(demo.project.number)&locale=en&filename=hello.txt"
        segment -X DELETE "$URL/api/resources/assets/27665601?scope=pr\(demo.project.number)"

        # Log in to the project dialect, make a folder, and upload into it
        API=$URL/api/p/\(demo.project.gid)
        JWT=$(curl -s -o /dev/null -D - $API/auth -d '{"api_key":"\(demo.apiKey)"}' | sed -n 's/^[Aa]uthorization: //p' | tr -d '\\r')
        project() { curl -sS -H "Authorization: Bearer $JWT" "$@"; }
        result() { sed 's/.*"result":{[^}]*"'$1'":"\\([^"]*\\)".*/\\1/'; }
        ROOT=$(project $API/assets/root -d '{}' | result root)
        FOLDER=$(project $API/assets/create -d '{"parent":"'$ROOT'","name":"examples"}' | result asset)
        KEEP=$(project $API/assets/upload -F parent=$FOLDER -F upload_file=@hello.txt | result asset)
        GONE=$(project $API/assets/upload -F parent=$FOLDER -F upload_file=@hello.txt | result asset)

        # Bulk delete a selection in the background, and read its progress from the feed
        CURSOR=$(project $URL/sync/cursors -d '{}' | sed 's/.*"cc.cursor":\\([0-9]*\\).*/\\1/')
        project $API/assets/bulk/delete -d '{"selection":["'$GONE'",{"children":"'$FOLDER'","exclude":["'$KEEP'"]},{"search":{"language":"en","q":"+hello"},"exclude":["'$KEEP'"]}]}'; echo
        project $URL/sync/get -d '{"cc_cursor":'$CURSOR'}'; echo
        """
    }
}
