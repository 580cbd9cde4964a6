using System.Text;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Sallyport.Recording;

namespace Sallyport.Micro.Ssh;

/// <summary>A session that deploys to a server, by a policy for that, recorded in a folder of its own.</summary>
internal sealed class SshSample : IDisposable
{
    private const string Document = """
        policy: deploy
        match:
          groups: [assistants]
          targets: ["web*"]
        rules:
          - id: commands
            effect: allow
            verbs: [exec]
            commands:
              - git pull --ff-only
              - systemctl status shop
              - journalctl -u shop **
              - tail -n * /srv/shop/log/*.log
              - grep **
          - {id: cleaning, effect: allow, verbs: [exec], commands: ["rm **"]}
          - id: no-recursive-rm
            effect: deny
            verbs: [exec]
            commands: ["rm -{r|R|--recursive,f|--force}"]
          - {id: sftp, effect: allow, verbs: [subsystem], objects: [sftp]}
          - {id: upload, effect: allow, verbs: [files-read, files-write], paths: ["/srv/shop/**"]}
          - {id: no-keys, effect: deny, verbs: [all], paths: ["**/*.key", "/srv/shop/secrets/**"]}

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("spm").FullName;
    private readonly Recorder _recorder;
    private readonly ISessionRecorder _session;

    public SshSample()
    {
        var store = new PolicyStore(TimeProvider.System);
        if (!store.TryLoad([new PolicySource("bench.yaml", Encoding.UTF8.GetBytes(Document))], out IReadOnlyList<Diagnostic> diagnostics))
            throw new InvalidOperationException(string.Join('\n', diagnostics));
        SessionFacts facts = Sample.Facts with { Protocol = "ssh", Target = "web1", Resource = "deploy", ClientUser = "deploy+web1" };
        _recorder = new Recorder(new RecordingOptions { Directory = _folder });
        _session = _recorder.Open(facts);
        Gate = store.Open(facts);
        Context = new SessionContext(facts, store, _session, TimeProvider.System);
    }

    public IGate Gate { get; }

    public SessionContext Context { get; }

    /// <summary>Waits as a session does when the recording is behind; the wait is part of the time.</summary>
    public void Wait() => Context.ReadyAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public void Dispose()
    {
        _session.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed")).AsTask().GetAwaiter().GetResult();
        _recorder.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Directory.Delete(_folder, recursive: true);
    }
}
