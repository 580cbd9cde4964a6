using System.Net;
using Sallyport.Contract;

namespace Sallyport.Proxy.Tests.Sessions;

/// <summary>A session that is in, and writes down what becomes of it.</summary>
internal sealed class EnteredSession : ISessionControl, ISessionRecorder
{
    public EnteredSession(Contract.Identity identity, IPolicy policy, TimeProvider time)
    {
        Context = new SessionContext(
            new SessionFacts
            {
                SessionId = Guid.NewGuid(),
                Node = "n",
                Listener = "l",
                Protocol = "postgres",
                Identity = identity,
                Target = "shop",
                Source = new IPEndPoint(IPAddress.Loopback, 1),
                StartedAt = time.GetUtcNow(),
            },
            policy, this, time);
    }

    public SessionContext Context { get; }

    public Guid Id => Context.Facts.SessionId;

    public List<string> Events { get; } = [];

    public string? Reason { get; private set; }

    public long LastActivity => 0;

    public Verdict Judge() => Context.Judge(new ActionView { Kind = ActionKind.Statement, Verb = Verb.Login }, out _);

    public void End(string reason, string message) => Reason ??= reason;

    public bool Data(Direction direction, ReadOnlySpan<byte> bytes) => true;

    public bool Decision(in ActionView action, in Verdict verdict) => true;

    public bool Event(string name, string detail)
    {
        Events.Add($"{name} {detail}");
        return true;
    }

    public ValueTask ReadyAsync(CancellationToken cancel) => default;

    public ValueTask CompleteAsync(SessionEnd end) => default;
}
