using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh;

/// <summary>How a connection ended, and what was known of it.</summary>
public sealed record SshOutcome(SessionEnd End, SessionFacts? Facts);

/// <summary>One connection of a client, from its version string to its end.</summary>
public static class SshSession
{
    public static Task<SshOutcome> RunAsync(IDuplex client, SshListener listener, SshDoors doors, CancellationToken stop) => throw new NotImplementedException();
}
