package models

// What an energy network is asked for costs so many gradient evaluations at each point. One is an evaluation of ∇ₓE at one point:
// a pass through the network and one back, with as many multiplications each as [Multiplications] says.
//
// The rest is the usual count of reverse differentiation. A product of points with a matrix, on the way back, is one more product
// for each of its factors that something is differentiated by. So a derivative by the points doubles what it goes back through,
// the matrices being the same for all points, and one by the parameters triples it.
const (
	// CostOfEnergy is that of E(x) alone.
	CostOfEnergy = 0.5
	// CostOfScore is that of ∇ₓE(x), and of E(x) with it where both are asked for: the unit.
	CostOfScore = 1.0
	// CostOfCurvature is that of each ∇²E(x)v beside ∇ₓE(x): a way back through both of its passes.
	CostOfCurvature = CostOfScore
	// CostOfLearning is what the cost of a loss is multiplied by where it is differentiated by the parameters too.
	CostOfLearning = 3.0
)
