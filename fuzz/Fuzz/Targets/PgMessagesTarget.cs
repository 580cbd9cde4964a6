using Sallyport.Protocols.Postgres;
using Sallyport.Protocols.Wire;

namespace Sallyport.Fuzz.Targets;

/// <summary>Every reader of message bodies on every body in the input, whatever its type says: a body is as hostile as its header.</summary>
internal sealed class PgMessagesTarget : ITarget
{
    public string Name => "PgMessages";

    public long MaxAllocation(int inputLength) => 0;

    public void Run(ReadOnlySpan<byte> input)
    {
        ReadOnlySpan<byte> rest = input;
        while (PgFrame.TryParse(rest, 0x3fffffff, out PgFrame frame) == ParseStatus.Done && frame.TotalLength <= rest.Length)
        {
            Requests(rest[PgFrame.HeaderLength..frame.TotalLength]);
            Replies(rest[PgFrame.HeaderLength..frame.TotalLength]);
            rest = rest[frame.TotalLength..];
        }

        Requests(rest);
        Replies(rest);
    }

    private static void Requests(ReadOnlySpan<byte> body)
    {
        // Where a message is accepted, its parts and their zero bytes account for every byte of it, and no part holds a zero byte.
        if (PgQuery.TryRead(body, out PgQuery query))
            Parts(body, 0, query.Text, null);
        if (PgNamed.TryRead(body, out PgNamed named))
            Parts(body, 1, named.Name, null);
        if (PgExecute.TryRead(body, out PgExecute execute))
            Parts(body, 4, execute.Portal, null);
        if (PgParse.TryRead(body, out PgParse parse))
        {
            int types = body.Length - parse.Name.Length - parse.Query.Length - 4;
            OracleException.Require(types >= 0 && types % 4 == 0, "a Parse whose parts do not add up");
            Parts(body, 2 + types, parse.Name, new Second(parse.Query.Length));
        }

        Bind(body);
    }

    private static void Bind(ReadOnlySpan<byte> body)
    {
        ParseStatus whole = PgBindHead.TryRead(body, isWhole: true, out PgBindHead message);
        OracleException.Require(whole != ParseStatus.NeedMore, "a whole Bind that needs more");
        ParseStatus part = PgBindHead.TryRead(body, isWhole: false, out _);
        OracleException.Require(part == (whole == ParseStatus.Done ? ParseStatus.Done : ParseStatus.NeedMore), "a Bind that depends on what is not there");
        if (whole == ParseStatus.Done)
        {
            OracleException.Require(message.Portal.Length + message.Statement.Length + 2 <= body.Length, "a Bind with names from nowhere");
            OracleException.Require(!message.Portal.Contains((byte)0) && !message.Statement.Contains((byte)0), "a zero byte in a name");
        }
    }

    private static void Replies(ReadOnlySpan<byte> body)
    {
        if (PgParameterStatus.TryRead(body, out PgParameterStatus status))
            Parts(body, 0, status.Name, new Second(status.Value.Length));

        if (PgRowDescription.TryOpen(body, out PgRowDescription row))
        {
            int announced = row.Remaining, fields = 0;
            while (row.TryNext(out _))
                fields++;
            OracleException.Require(fields <= announced && fields * 19L <= body.Length, "more fields than there are bytes");
            OracleException.Require(!row.IsComplete || fields == announced, "complete without all fields");
        }

        var errors = new PgErrorFields(body);
        int codes = 0;
        while (errors.TryNext(out _, out ReadOnlySpan<byte> value))
        {
            OracleException.Require(!value.Contains((byte)0), "a zero byte in a field");
            codes++;
        }

        OracleException.Require(codes * 2L <= body.Length, "more fields than there are bytes");
    }

    private static void Parts(ReadOnlySpan<byte> body, int fixedBytes, ReadOnlySpan<byte> first, Second? second)
    {
        int expected = fixedBytes + first.Length + 1 + (second is { } more ? more.Length + 1 : 0);
        OracleException.Require(expected == body.Length, "a message whose parts do not add up");
        OracleException.Require(!first.Contains((byte)0), "a zero byte in a string");
    }

    /// <summary>A second string of a message.</summary>
    private readonly record struct Second(int Length);
}
