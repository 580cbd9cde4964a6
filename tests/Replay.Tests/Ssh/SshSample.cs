using System.Net;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transcript;
using Sallyport.Recording;

namespace Sallyport.Replay.Tests.Ssh;

/// <summary>A clock that moves when told to.</summary>
internal sealed class SampleTime : TimeProvider
{
    public static DateTimeOffset Start { get; } = new(2026, 3, 14, 9, 26, 53, TimeSpan.Zero);

    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => Start.AddTicks(GetTimestamp());

    public SampleTime After(double seconds)
    {
        Interlocked.Add(ref _ticks, TimeSpan.FromSeconds(seconds).Ticks);
        return this;
    }
}

/// <summary>A recording of SSH, written by the real recorder: a shell with an editor in it, commands, files, forwards, refusals, and hostile output.</summary>
internal static class SshSample
{
    /// <summary>What a hostile target writes to harm whoever looks: a title, the clipboard, questions, a lone DCS.</summary>
    public const string Hostile = "\u001b]0;owned\u0007\u001b]52;c;ZXZpbA==\u001b\\\u001b[6n\u001b[c\u001bP$q\"p\u001b\\\u202e\u009b";

    public static SessionFacts Facts(string subject = "ada@example.com") => new()
    {
        SessionId = Guid.Parse("0195941e-8d00-7000-8000-0123456789ab"),
        Node = "node-1",
        Listener = "ssh",
        Protocol = "ssh",
        Target = "web1",
        Resource = "deploy",
        Source = IPEndPoint.Parse("192.0.2.7:50123"),
        StartedAt = SampleTime.Start,
        ClientUser = "deploy+web1",
        ClientApplication = "SSH-2.0-OpenSSH_9.9",
        ClientTls = true,
        Identity = new Identity
        {
            Subject = subject,
            Kind = IdentityKind.Human,
            Issuer = "https://id.example.com",
            ExpiresAt = SampleTime.Start.AddHours(1),
        },
    };

    /// <summary>Records it into a folder.</summary>
    /// <returns>The file.</returns>
    public static async Task<string> RecordAsync(string folder, bool complete = true, Action<SshScript>? play = null)
    {
        var time = new SampleTime();
        SessionFacts facts = Facts();
        await using var recorder = new Recorder(new RecordingOptions { Directory = folder, MinFreeBytes = 0 }, time);
        ISessionRecorder session = recorder.Open(facts);
        if (play is null)
            Play(session, SshScript.Into(session), time);
        else
            play(SshScript.Into(session));
        if (complete)
            await session.CompleteAsync(new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed"));
        return Path.Combine(folder, Recorder.FileName(facts));
    }

    private static void Play(ISessionRecorder session, SshScript script, SampleTime time)
    {
        time.After(1);
        script.Open(0);
        Decide(session, Verb.Shell, "shell", VerdictKind.Allow, "ops/shell");
        script.Pty(0, "xterm-256color", 40, 6).Env(0, "LANG", "C.UTF-8").Shell(0);
        time.After(0.5);
        script.Output(0, "deploy@web1:~$ ");
        time.After(60);
        script.Keys(0, "ls\r").Output(0, "ls\r\n");
        session.Event(SshCommandEvent.Name, new SshCommandEvent(0, "ls").ToDetail());
        script.Output(0, $"{Hostile}\u001b[1;34msrc\u001b[0m notes.txt 漢字\r\ndeploy@web1:~$ ");
        time.After(2);
        script.Resize(0, 50, 8);
        script.Keys(0, "vim notes.txt\r").Output(0, "vim notes.txt\r\n\u001b[?1049h\u001b[2J\u001b[Hthe launch code");
        time.After(2);
        script.Keys(0, ":q\r").Output(0, "\u001b[?1049ldeploy@web1:~$ ");
        time.After(1);
        Decide(session, Verb.Exec, "rm\0-rf\0/", VerdictKind.Deny, "prod/no-rm", "rm -rf /");
        script.OpenRefused(1, "direct-tcpip", "administratively prohibited", SshScript.Text("db1"), SshScript.Int(5432), SshScript.Text("127.0.0.1"), SshScript.Int(40000));
        script.Open(1).Exec(1, "uptime; false");
        script.Output(1, "up 3 days\n").Error(1, "and an error\n").Exit(1, 1).Close(1);
        script.Open(1).Subsystem(1, "sftp");
        session.Event(SshFileEvent.Name, new SshFileEvent("/srv/data.csv", "download", 1234, new string('a', 64), 250, "complete", 1, "sftp").ToDetail());
        script.Close(1);
        script.Open(2, "direct-tcpip", false, SshScript.Text("db1"), SshScript.Int(5432), SshScript.Text("127.0.0.1"), SshScript.Int(40000)).Close(2);
        session.Event(SshForwardEvent.Name, new SshForwardEvent(2, "local", "db1:5432", 10, 2000, 99).ToDetail());
        time.After(1);
        script.Keys(0, "exit\r").Output(0, "exit\r\n").Exit(0, 0).Close(0);
    }

    private static void Decide(ISessionRecorder session, Verb verb, string name, VerdictKind verdict, string rule, string text = "")
    {
        byte[] names = Encoding.UTF8.GetBytes(verb == Verb.Exec ? name : "");
        ObjectRef[] objects = names.Length > 0 ? [new ObjectRef(verb, ObjectFlags.None, 0, names.Length, name.IndexOf('\0', StringComparison.Ordinal))] : [];
        var action = new ActionView { Kind = ActionKind.Command, Verb = verb, Text = Encoding.UTF8.GetBytes(text), Names = names, Objects = objects };
        session.Decision(action, new Verdict(verdict, rule, 3, null));
    }
}
