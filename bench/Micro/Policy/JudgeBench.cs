using BenchmarkDotNet.Attributes;
using Sallyport.Contract;

namespace Sallyport.Micro.Policy;

/// <summary>One judgement: under a microsecond, 0 bytes.</summary>
public class JudgeBench
{
    private static readonly byte[] Names = "public.customerspublic.orders"u8.ToArray();

    private static readonly ObjectRef[] Join =
        [new(Verb.Select, ObjectFlags.None, 0, 16, 6), new(Verb.Select, ObjectFlags.None, 16, 13, 6)];

    private static readonly ObjectRef[] Everything = [new(Verb.Delete, ObjectFlags.WhereAbsent, 16, 13, 6)];

    private IGate _gate = null!;

    [GlobalSetup]
    public void Setup()
    {
        _gate = Sample.Policy().Open(Sample.Facts);
        Sample.Require(SelectOfTwoTables() == VerdictKind.Allow, "a join of two tables is allowed");
        Sample.Require(DeleteWithoutWhere() == VerdictKind.Deny, "a DELETE without WHERE is denied");
        Sample.Require(_gate.Masks is not null, "there are masks");
    }

    [Benchmark]
    public VerdictKind SelectOfTwoTables() =>
        _gate.Judge(new ActionView { Kind = ActionKind.Statement, Verb = Verb.Select, Text = "…"u8, Names = Names, Objects = Join }).Kind;

    [Benchmark]
    public VerdictKind DeleteWithoutWhere() =>
        _gate.Judge(new ActionView { Kind = ActionKind.Statement, Verb = Verb.Delete, Text = "…"u8, Names = Names, Objects = Everything }).Kind;
}
