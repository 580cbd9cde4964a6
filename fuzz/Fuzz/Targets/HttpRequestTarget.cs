using Sallyport.Contract;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Http2.Kubernetes;

namespace Sallyport.Fuzz.Targets;

/// <summary>Request targets of a hostile client: the first byte says the method and whether it upgrades, the rest is the target.</summary>
internal sealed class HttpRequestTarget : ITarget
{
    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "BREW"];

    private readonly HttpActions _actions = new();

    public string Name => "HttpRequest";

    public long MaxAllocation(int inputLength) => (1 << 20) + 16L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        byte[] method = System.Text.Encoding.ASCII.GetBytes(Methods[(input[0] >> 1) % Methods.Length]);
        ReadOnlySpan<byte> target = input[1..];
        RequestInfo info = RequestInfo.Parse(method, target, (input[0] & 1) != 0, new byte[target.Length * 2]);
        if (info.IsResource && info.Problem == RequestProblem.None)
        {
            OracleException.Require(!info.Resource.IsEmpty && !info.Version.IsEmpty, "a resource without a name");
            OracleException.Require(IsClean(info.Namespace) && IsClean(info.Resource) && IsClean(info.Subresource) && IsClean(info.Name), "a part with what separates parts");
        }

        _actions.Kubernetes(method, info);
        Check(_actions.View(), info.IsResource && info.Problem == RequestProblem.None);
        _actions.Http(method, target);
        _actions.ContentType(target);
        _actions.Field(target, target);
        Check(_actions.View(), resource: false);
    }

    private static void Check(in ActionView view, bool resource)
    {
        bool details = false;
        foreach (ref readonly ObjectRef effect in view.Objects)
        {
            OracleException.Require(effect.Start >= 0 && effect.Length >= 0 && effect.Start + effect.Length <= view.Names.Length, "a name from nowhere");
            OracleException.Require(effect.QualifierLength <= effect.Length, "a qualifier longer than its name");
            OracleException.Require(!details || effect.Verb == Verb.HttpDetail, "an effect behind a detail");
            details |= effect.Verb == Verb.HttpDetail;
            bool isResource = effect.Verb is >= Verb.KubeGet and <= Verb.KubeConnect;
            OracleException.Require(!isResource || (resource && effect.Name(view.Names).Count((byte)0) == 1), "a resource of other than three parts");
        }
    }

    private static bool IsClean(ReadOnlySpan<byte> part) => part.IndexOfAny((byte)'/', (byte)0, (byte)'%') < 0 && !part.SequenceEqual(".."u8);
}
