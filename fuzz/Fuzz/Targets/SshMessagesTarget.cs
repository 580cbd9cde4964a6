using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Fuzz.Targets;

/// <summary>Messages of the key exchange and of the login, whole.</summary>
internal sealed class SshMessagesTarget : ITarget
{
    public string Name => "SshMessages";

    public long MaxAllocation(int inputLength) => (64 << 10) + 64L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        byte[] message = input.IsEmpty ? [0] : input.ToArray();
        if (SshKexInit.Parse(message) is { } init)
            OracleException.Require(SshKexInit.Parse(init.ToPayload()) is not null, "a KEXINIT that cannot be read again");
        _ = SshExtInfo.TryParse(message, out _);
        _ = SshAuthFailure.Parse(message);
        if (SshAuthRequest.TryParse(message, out SshAuthRequest request))
            OracleException.Require(request.User.Length + request.Service.Length + request.Method.Length <= message.Length, "names from nowhere");
    }
}
